import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.js';

/** A custom runtime in C: talks to the Runtime API over a socket and answers `{"native":true,"echo":EVENT}`. */
const SOURCE = String.raw`
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[1 << 20];

static char *call(const char *request, size_t length) {
  const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
  char host[64];
  int port = 80;
  if (sscanf(api, "%63[^:]:%d", host, &port) < 1) exit(2);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
  inet_pton(AF_INET, host, &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) exit(3);
  if (write(fd, request, length) != (ssize_t)length) exit(4);
  size_t used = 0;
  char *body = NULL;
  size_t expected = 0;
  for (;;) {
    ssize_t got = read(fd, buffer + used, sizeof buffer - 1 - used);
    if (got <= 0) break;
    used += got;
    buffer[used] = 0;
    if (!body && (body = strstr(buffer, "\r\n\r\n"))) {
      body += 4;
      char *header = strcasestr(buffer, "content-length:");
      expected = header && header < body ? strtoul(header + 15, NULL, 10) : 0;
    }
    if (body && used - (body - buffer) >= expected) break;
  }
  close(fd);
  if (body) body[expected] = 0;
  return body;
}

int main(void) {
  static char request[1 << 20], id[64], answer[1 << 19];
  for (;;) {
    int n = snprintf(request, sizeof request, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\n\r\n");
    char *event = call(request, n);
    if (!event) return 5;
    char *header = strcasestr(buffer, "lambda-runtime-aws-request-id:");
    if (!header || sscanf(header + 30, " %63[^\r]", id) != 1) return 6;
    fprintf(stderr, "native code runs %s\n", id);
    int length = snprintf(answer, sizeof answer, "{\"native\":true,\"echo\":%s}", event);
    n = snprintf(request, sizeof request, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", id, length, answer);
    call(request, n);
  }
}
`;

/** A statically linked `bootstrap`, compiled with gcc, which is installed where it is missing. */
export async function nativeBootstrap(): Promise<Buffer> {
  await run('gcc', ['--version']).catch(async () => {
    await run('apt-get', ['update'], { env: { DEBIAN_FRONTEND: 'noninteractive' } });
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'gcc', 'libc6-dev'], { env: { DEBIAN_FRONTEND: 'noninteractive' } });
  });
  const directory = await mkdtemp(join(tmpdir(), 'hearth-native-'));
  try {
    await writeFile(join(directory, 'bootstrap.c'), SOURCE);
    await run('gcc', ['-O1', '-static', '-o', 'bootstrap', 'bootstrap.c'], { cwd: directory });
    return await readFile(join(directory, 'bootstrap'));
  } finally {
    await rm(directory, { recursive: true });
  }
}
