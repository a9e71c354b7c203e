/*
 * An enclave has no network, only vsock to its parent. This carries TCP connections to 127.0.0.1:PORT over to the parent's
 * vsock port of the same number, byte for byte: TLS, if the coordinator has it, ends in the worker, and the parent sees what
 * any network would see. It also raises the loopback interface.
 *
 *   cc -std=gnu17 -O2 -static -s -o vsock-relay vsock-relay.c        vsock-relay PORT
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>
#include <unistd.h>

#define PARENT_CID 3

static void raise_loopback(void) {
  struct ifreq request = { .ifr_flags = IFF_UP };
  int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  strcpy(request.ifr_name, "lo");
  /* It may be up already, or not ours to raise: the listener below shows whether it works. */
  if (s >= 0) { (void)ioctl(s, SIOCSIFFLAGS, &request); close(s); }
}

static int listen_on(uint16_t port) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0) return -1;
  return bind(s, (struct sockaddr *)&address, sizeof address) < 0 || listen(s, 64) < 0 ? -1 : s;
}

static int connect_parent(uint16_t port) {
  struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_port = port, .svm_cid = PARENT_CID };
  int s = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0) return -1;
  if (connect(s, (struct sockaddr *)&address, sizeof address) == 0) return s;
  close(s);
  return -1;
}

/* Moves what is there from one side to the other. Returns 0 when that side has ended. */
static int carry(int from, int to) {
  char buffer[1 << 16];
  ssize_t n = read(from, buffer, sizeof buffer);
  if (n < 0 && errno == EINTR) return 1;
  for (ssize_t at = 0; at < n;) {
    ssize_t written = write(to, buffer + at, (size_t)(n - at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return 0;
    at += written;
  }
  return n > 0;
}

static void relay(int a, int b) {
  struct pollfd sides[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
  while (sides[0].fd >= 0 || sides[1].fd >= 0) {
    if (poll(sides, 2, -1) < 0 && errno != EINTR) return;
    for (int i = 0; i < 2; i++) {
      if (sides[i].fd < 0 || sides[i].revents == 0 || carry(sides[i].fd, i == 0 ? b : a)) continue;
      shutdown(i == 0 ? b : a, SHUT_WR);
      sides[i].fd = -1;
    }
  }
}

int main(int argc, char **argv) {
  long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
  if (port < 1 || port > 65535) return 64;
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  raise_loopback();
  int listener = listen_on((uint16_t)port);
  if (listener < 0) return 1;
  for (;;) {
    int near = accept(listener, NULL, NULL);
    if (near < 0) continue;
    if (fork() == 0) {
      close(listener);
      int far = connect_parent((uint16_t)port);
      if (far >= 0) relay(near, far);
      _exit(0);
    }
    close(near);
  }
}
