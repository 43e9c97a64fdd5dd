/*
 * First process of a container-image function: what launch.sh is for the managed runtimes, without a shell, because an image may hold nothing
 * but its program. Static, so that it runs in any image; mounted read-only by the worker. Contract and exit statuses: docs/container-images.md.
 *
 *   hearth-launch WORKING_DIRECTORY PROGRAM [ARGUMENT...]
 *
 * /run/hearth holds the worker's files for this sandbox: `log` (FIFO for stdout and stderr), `start` (FIFO: the worker writes a line when the
 * Runtime API can be reached) and `env` (NAME=VALUE, each ended by a NUL; it comes after the line and is gone once the function is initialised).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SANDBOX "/run/hearth/"

enum { NOT_FOUND = 242, NOT_EXECUTABLE = 243, NO_WORKING_DIRECTORY = 244, WRONG_FORMAT = 245, BROKEN_SANDBOX = 246 };

extern char **environ;

static volatile pid_t program = -1;

static void forward(int signal_number) {
  if (program > 0) kill(program, signal_number);
}

static void onto(const char *path, int flags, int first, int last) {
  int fd = open(path, flags);
  if (fd < 0) _exit(BROKEN_SANDBOX);
  for (int target = first; target <= last; target++) dup2(fd, target);
  if (fd > last) close(fd);
}

static void wait_for_start(void) {
  int fd = open(SANDBOX "start", O_RDONLY);
  char byte = 0;
  if (fd < 0) _exit(BROKEN_SANDBOX);
  while (byte != '\n') {
    ssize_t count = read(fd, &byte, 1);
    if (count == 0 || (count < 0 && errno != EINTR)) _exit(BROKEN_SANDBOX);
  }
  close(fd);
}

/* The buffer stays: the environment points into it. */
static void read_environment(void) {
  int fd = open(SANDBOX "env", O_RDONLY);
  struct stat facts;
  if (fd < 0 || fstat(fd, &facts) != 0) _exit(BROKEN_SANDBOX);
  char *text = malloc((size_t)facts.st_size + 1);
  if (text == NULL) _exit(BROKEN_SANDBOX);
  off_t size = 0;
  while (size < facts.st_size) {
    ssize_t count = read(fd, text + size, (size_t)(facts.st_size - size));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) _exit(BROKEN_SANDBOX);
    size += count;
  }
  close(fd);
  text[size] = '\0';
  for (char *entry = text; entry < text + size; entry += strlen(entry) + 1)
    if (putenv(entry) != 0) _exit(BROKEN_SANDBOX);
}

/* As execvp searches, but without its fallback to /bin/sh for what the kernel cannot run: there may be none, and Lambda has none. */
static int run(char **arguments) {
  const char *name = arguments[0];
  if (strchr(name, '/') != NULL) {
    execve(name, arguments, environ);
    return errno;
  }
  const char *folders = getenv("PATH");
  int failure = ENOENT;
  char path[PATH_MAX];
  for (const char *folder = folders == NULL ? "/usr/local/bin:/usr/bin:/bin" : folders; *name != '\0';) {
    size_t length = strcspn(folder, ":");
    if (length + strlen(name) + 2 <= sizeof path) {
      memcpy(path, folder, length);
      path[length] = '/';
      strcpy(path + length + 1, name);
      if (length > 0) execve(path, arguments, environ);
      if (length > 0 && errno != ENOENT && errno != ENOTDIR) failure = errno;
    }
    if (folder[length] == '\0') break;
    folder += length + 1;
  }
  return failure;
}

static int status_of(int failure) {
  switch (failure) {
    case 0: return 0;
    case ENOENT: case ENOTDIR: return NOT_FOUND;
    case ENOEXEC: return WRONG_FORMAT;
    default: return NOT_EXECUTABLE;
  }
}

#include "extensions.h"

int main(int count, char **arguments) {
  if (count < 2) return BROKEN_SANDBOX;
  onto(SANDBOX "log", O_WRONLY, 1, 2);
  wait_for_start();
  read_environment();
  if (count < 3) return NOT_FOUND;
  start_extensions();
  if (chdir(arguments[1]) != 0) return NO_WORKING_DIRECTORY;

  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return BROKEN_SANDBOX;
  struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);

  /* A child, not this process: the kernel spares process 1 its own SIGKILL, and a function that kills itself has to die. */
  program = fork();
  if (program < 0) return BROKEN_SANDBOX;
  if (program == 0) {
    signal(SIGTERM, SIG_DFL);
    int failure = run(arguments + 2);
    (void)!write(report[1], &failure, sizeof failure);
    _exit(1);
  }
  close(report[1]);
  obey(program);
  onto("/dev/null", O_RDWR, 0, 2);
  int failure = 0;
  while (read(report[0], &failure, sizeof failure) < 0 && errno == EINTR) {}

  for (;;) {
    int status;
    pid_t ended = wait(&status);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) return BROKEN_SANDBOX;
    if (ended != program) {
      tell_end(ended, status);
      continue;
    }
    int told = failure != 0 ? status_of(failure) : shell_status(status);
    outlive_runtime(told);
    return told;
  }
}
