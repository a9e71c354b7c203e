/* Stands in for vsock under vsock-relay.c (linked with --wrap=socket,--wrap=connect): the parent is this machine's TCP port
   one above. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

int __real_socket(int domain, int type, int protocol);
int __real_connect(int s, const struct sockaddr *address, socklen_t length);

int __wrap_socket(int domain, int type, int protocol) {
  return __real_socket(domain == AF_VSOCK ? AF_INET : domain, type, protocol);
}

int __wrap_connect(int s, const struct sockaddr *address, socklen_t length) {
  if (address->sa_family != AF_VSOCK) return __real_connect(s, address, length);
  const struct sockaddr_vm *parent = (const struct sockaddr_vm *)address;
  if (parent->svm_cid != 3) return -1;
  struct sockaddr_in tcp = { .sin_family = AF_INET, .sin_port = htons((unsigned short)(parent->svm_port + 1)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  return __real_connect(s, (struct sockaddr *)&tcp, sizeof tcp);
}
