/*
 * Redirects connections of one process, and changes nothing else: preloaded into it, this lets
 * connect() to an IPv4 address that UNDERSTUDY_REDIRECT names, whatever the port, go to a port of
 * 127.0.0.1 instead. Both kinds of sockets that reach IPv4 addresses are known: AF_INET, and
 * AF_INET6 with a mapped address, which Java uses.
 *
 * gcc -shared -fPIC -O2 -o redirect-connect.so redirect-connect.c -ldl
 * UNDERSTUDY_REDIRECT=127.0.0.11=7001,127.0.0.12=7002 LD_PRELOAD=./redirect-connect.so COMMAND
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 8

typedef int (*connect_fn)(int, const struct sockaddr *, socklen_t);

static connect_fn real_connect;
static struct in_addr from[MOST];
static in_port_t to[MOST];
static int count;

__attribute__((constructor)) static void read_redirections(void) {
  const char *text = getenv("UNDERSTUDY_REDIRECT");
  char address[INET_ADDRSTRLEN];
  unsigned port;
  int used;
  real_connect = (connect_fn)dlsym(RTLD_NEXT, "connect");
  while (text != NULL && count < MOST
         && sscanf(text, "%15[0-9.]=%u,%n", address, &port, &used) == 2) {
    if (inet_pton(AF_INET, address, &from[count]) != 1) {
      fprintf(stderr, "redirect-connect: no address: %s\n", address);
      _exit(127);
    }
    to[count++] = htons((unsigned short)port);
    text += used;
  }
}

/* The port that stands for this address, or 0. */
static in_port_t redirected(const void *address) {
  for (int index = 0; index < count; index++) {
    if (memcmp(address, &from[index], sizeof from[index]) == 0) {
      return to[index];
    }
  }
  return 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
  if (address != NULL && address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
    struct sockaddr_in four;
    memcpy(&four, address, sizeof four);
    in_port_t port = redirected(&four.sin_addr);
    if (port != 0) {
      four.sin_addr = loopback;
      four.sin_port = port;
      return real_connect(fd, (struct sockaddr *)&four, sizeof four);
    }
  }
  if (address != NULL && address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
    struct sockaddr_in6 six;
    memcpy(&six, address, sizeof six);
    in_port_t port = IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) ? redirected(&six.sin6_addr.s6_addr[12]) : 0;
    if (port != 0) {
      memcpy(&six.sin6_addr.s6_addr[12], &loopback, sizeof loopback);
      six.sin6_port = port;
      return real_connect(fd, (struct sockaddr *)&six, sizeof six);
    }
  }
  return real_connect(fd, address, length);
}
