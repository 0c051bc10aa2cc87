/*
 * Makes the wall clock of one process jump, and nothing else: preloaded into it, this adds the
 * seconds that stand in a file (8 bytes, the host's order) to what clock_gettime and its kin say.
 * The monotonic clock is left alone, as it is when a host's clock is set. The file is mapped, so a
 * jump takes effect at once and a look at the clock costs what it did before.
 *
 * gcc -shared -fPIC -O2 -o jumping-clock.so jumping-clock.c -ldl
 * UNDERSTUDY_CLOCK=FILE LD_PRELOAD=./jumping-clock.so COMMAND
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int (*clock_gettime_fn)(clockid_t, struct timespec *);

static clock_gettime_fn real_clock_gettime;
static const volatile long *jump_seconds;

__attribute__((constructor)) static void map_jump(void) {
  const char *file = getenv("UNDERSTUDY_CLOCK");
  int fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC);
  void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) {
    perror("jumping-clock: cannot map the file that UNDERSTUDY_CLOCK names");
    _exit(127);
  }
  close(fd);
  real_clock_gettime = (clock_gettime_fn)dlsym(RTLD_NEXT, "clock_gettime");
  jump_seconds = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = real_clock_gettime != NULL ? real_clock_gettime(clock, now)
                                          : (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && jump_seconds != NULL
      && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += *jump_seconds;
  }
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec precise;
  (void)zone;
  int result = clock_gettime(CLOCK_REALTIME, &precise);
  if (result == 0 && now != NULL) {
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
  }
  return result;
}

time_t time(time_t *now) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != NULL) {
    *now = precise.tv_sec;
  }
  return precise.tv_sec;
}
