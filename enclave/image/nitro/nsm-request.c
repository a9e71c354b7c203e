/*
 * One request to the Nitro security module: CBOR on standard input, the module's CBOR response on standard output.
 * Node makes no ioctl, and this is smaller than a native module. linux/nsm.h gives the message; it is repeated here so
 * that older headers will do. Upstream kernels let only CAP_SYS_ADMIN send such messages: inside the enclave it runs as root.
 *
 *   cc -std=gnu17 -O2 -static -s -o nsm-request nsm-request.c
 *
 * Exit codes (enclave/platforms/adapters/nsm-helper.ts): 0 done, 2 no device, 3 interrupted, 4 busy, 5 too long,
 * 6 not permitted, 1 anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NSM_REQUEST_MAX 0x1000
#define NSM_RESPONSE_MAX 0x3000

struct nsm_iovec { uint64_t address, length; };
struct nsm_raw { struct nsm_iovec request, response; };
#define NSM_IOCTL_RAW _IOWR(0x0A, 0x0, struct nsm_raw)

_Static_assert(NSM_IOCTL_RAW == 0xC0200A00, "the ioctl's number is part of the interface");

static int exit_code(int error) {
  switch (error) {
    case ENOENT: case ENODEV: case ENXIO: return 2;
    case EINTR: return 3;
    case EBUSY: case EAGAIN: return 4;
    case EMSGSIZE: case EFBIG: case ENOSPC: return 5;
    case EACCES: case EPERM: return 6;
    default: return 1;
  }
}

/* Reads to the end of the input. Returns the length, or -1 with errno: EFBIG when there is more than fits. */
static ssize_t read_all(uint8_t *buffer, size_t size) {
  size_t total = 0;
  for (;;) {
    uint8_t beyond;
    ssize_t n = total < size ? read(STDIN_FILENO, buffer + total, size - total) : read(STDIN_FILENO, &beyond, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? -1 : (ssize_t)total;
    if (total == size) { errno = EFBIG; return -1; }
    total += (size_t)n;
  }
}

static int write_all(const uint8_t *buffer, size_t length) {
  while (length > 0) {
    ssize_t n = write(STDOUT_FILENO, buffer, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    buffer += n;
    length -= (size_t)n;
  }
  return 0;
}

int main(void) {
  static uint8_t request[NSM_REQUEST_MAX], response[NSM_RESPONSE_MAX];
  ssize_t length = read_all(request, sizeof request);
  if (length < 0) return exit_code(errno);
  int device = open("/dev/nsm", O_RDWR | O_CLOEXEC);
  if (device < 0) return exit_code(errno);
  struct nsm_raw message = {
    .request = { (uint64_t)(uintptr_t)request, (uint64_t)length },
    .response = { (uint64_t)(uintptr_t)response, sizeof response },
  };
  if (ioctl(device, NSM_IOCTL_RAW, &message) < 0) return exit_code(errno);
  /* The module tells how much it wrote; a length beyond the buffer is no answer. */
  if (message.response.length > sizeof response) return 5;
  return write_all(response, message.response.length) < 0 ? 1 : 0;
}
