/*
 * External extensions of a container image, for launch.c: what launch.sh does for the managed runtimes. The lines between worker and launcher are
 * in docs/extensions.md. Nothing happens where the worker has made no FIFO `extensions`.
 */
#include <dirent.h>
#include <stdio.h>

#define FOLDER "/opt/extensions"
#define SWITCH_OFF "/opt/disable-extensions-jwigqn8j"

/* More than may register are started all the same, and refused then. */
enum { MOST_EXTENSIONS = 100, CANNOT_EXECUTE = 126, NO_SUCH_FILE = 127 };

static struct extension {
  pid_t pid;
  char name[NAME_MAX + 1];
} extensions[MOST_EXTENSIONS];
static int extension_count = 0;
static int control = -1;

static const char *const RUNTIME_ONLY[] = {
  "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
  "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_HANDLER",
};

/* One write: lines of several processes do not mix. */
static void tell(const char *format, int number, const char *name) {
  char line[NAME_MAX + 32];
  int size = number < 0 ? snprintf(line, sizeof line, format, name) : snprintf(line, sizeof line, format, number, name);
  (void)!write(control, line, (size_t)size);
}

static int shell_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void find_extensions(void) {
  DIR *folder = access(SWITCH_OFF, F_OK) == 0 ? NULL : opendir(FOLDER);
  struct dirent *entry;
  struct stat facts;
  while (folder != NULL && extension_count < MOST_EXTENSIONS && (entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] == '.' || fstatat(dirfd(folder), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(facts.st_mode)) continue;
    strcpy(extensions[extension_count].name, entry->d_name);
    tell("launching %s\n", -1, extensions[extension_count].name);
    extension_count += 1;
  }
  if (folder != NULL) closedir(folder);
  tell("launched\n", -1, "");
}

static void run_extension(const char *name) {
  char path[sizeof FOLDER + NAME_MAX + 1];
  snprintf(path, sizeof path, FOLDER "/%s", name);
  for (size_t index = 0; index < sizeof RUNTIME_ONLY / sizeof *RUNTIME_ONLY; index++) unsetenv(RUNTIME_ONLY[index]);
  signal(SIGTERM, SIG_DFL);
  (void)!chdir("/");
  onto("/dev/null", O_RDONLY, 0, 0);
  onto(SANDBOX "extension-log", O_WRONLY, 1, 2);
  char *arguments[] = {path, NULL};
  execve(path, arguments, environ);
  if (errno == ENOEXEC) tell("unusable %s\n", -1, name);
  _exit(errno == ENOENT ? NO_SUCH_FILE : CANNOT_EXECUTE);
}

/* A child has ended. */
static void tell_end(pid_t pid, int status) {
  for (int index = 0; index < extension_count; index++)
    if (extensions[index].pid == pid) tell("exited %d %s\n", shell_status(status), extensions[index].name);
}

/* Starts them, and returns when the worker wants the runtime started. */
static void start_extensions(void) {
  control = open(SANDBOX "extensions", O_WRONLY | O_CLOEXEC);
  if (control < 0) return;
  find_extensions();
  for (int index = 0; index < extension_count; index++) {
    extensions[index].pid = fork();
    if (extensions[index].pid == 0) run_extension(extensions[index].name);
    if (extensions[index].pid < 0) _exit(BROKEN_SANDBOX);
  }
  /* Somebody else waits for the word, so that this process hears of extensions that end meanwhile. */
  pid_t waiter = fork();
  if (waiter < 0) _exit(BROKEN_SANDBOX);
  if (waiter == 0) {
    wait_for_start();
    _exit(0);
  }
  for (;;) {
    int status;
    pid_t ended = wait(&status);
    if (ended == waiter) return;
    if (ended > 0) tell_end(ended, status);
  }
}

/* What the worker says to the runtime, TERM or KILL, for as long as the sandbox is there. */
static void obey(pid_t runtime) {
  if (control < 0 || fork() != 0) return;
  FILE *orders = fopen(SANDBOX "start", "r");
  char line[16];
  while (orders != NULL && fgets(line, sizeof line, orders) != NULL) {
    if (strcmp(line, "TERM\n") == 0) kill(runtime, SIGTERM);
    else if (strcmp(line, "KILL\n") == 0) kill(runtime, SIGKILL);
  }
  _exit(0);
}

/* The extensions outlive the runtime; the worker ends them, and this. Returns at once where there can be none. */
static void outlive_runtime(int runtime_status) {
  if (control < 0) return;
  tell("runtime %d%s\n", runtime_status, "");
  for (;;) {
    int status;
    pid_t ended = wait(&status);
    if (ended > 0) tell_end(ended, status);
    else if (errno != EINTR) pause();
  }
}
