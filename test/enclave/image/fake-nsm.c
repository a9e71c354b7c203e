/* Stands in for the kernel under nsm-request.c (linked with --wrap=open,--wrap=ioctl): the answer is the request, backwards. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct nsm_iovec { uint64_t address, length; };
struct nsm_raw { struct nsm_iovec request, response; };

static int fail(const char *name) {
  const char *value = getenv(name);
  if (value == NULL) return 0;
  errno = atoi(value);
  return -1;
}

int __wrap_open(const char *path, int flags, ...) {
  (void)flags;
  if (strcmp(path, "/dev/nsm") != 0) { errno = ENOTDIR; return -1; }
  return fail("FAKE_OPEN") < 0 ? -1 : 77;
}

int __wrap_ioctl(int device, unsigned long number, struct nsm_raw *message) {
  if (device != 77 || number != 0xC0200A00) { errno = ENOTTY; return -1; }
  if (message->request.length > 0x1000 || message->response.length != 0x3000) { errno = EMSGSIZE; return -1; }
  if (fail("FAKE_IOCTL") < 0) return -1;
  uint8_t *in = (uint8_t *)(uintptr_t)message->request.address, *out = (uint8_t *)(uintptr_t)message->response.address;
  for (uint64_t i = 0; i < message->request.length; i++) out[i] = in[message->request.length - 1 - i];
  message->response.length = getenv("FAKE_LENGTH") ? (uint64_t)atoi(getenv("FAKE_LENGTH")) : message->request.length;
  return 0;
}
