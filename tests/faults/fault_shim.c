/* Faults of a disk, for a program started with LD_PRELOAD: see fault_disk.py.
 *
 * While the file $FAULT_SWITCH/nosync is there, fsync and fdatasync do nothing and say that all is
 * well; while eio-sync is there they fail with EIO; while eio-write is there, writing does.  With
 * $FAULT_KILL_AT=n the program is killed just before its n-th call that changes the disk.  Only
 * files below $FAULT_FOLDER are meant: sockets, pipes and the log work as ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_on(const char *name)
{
    const char *folder = getenv("FAULT_SWITCH");
    char path[PATH_MAX];
    int before = errno, there;
    if (!folder)
        return 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    there = access(path, F_OK) == 0;
    errno = before;
    return there;
}

static int is_below(const char *path)
{
    const char *folder = getenv("FAULT_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

/* One more call that changes the disk: the last one, where it was asked for. */
static void step(void)
{
    static atomic_long steps;
    const char *last = getenv("FAULT_KILL_AT");
    if (last && atomic_fetch_add(&steps, 1) + 1 == atol(last))
        kill(getpid(), SIGKILL);
}

static int is_ours(int file)
{
    char link[64], path[PATH_MAX];
    int before = errno;
    ssize_t length;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_below(path);
}

static int failed(void)
{
    errno = EIO;
    return -1;
}

#define SYNC(NAME)                                                      \
    int NAME(int file)                                                  \
    {                                                                   \
        static int (*next)(int);                                        \
        if (!next)                                                      \
            next = (int (*)(int))dlsym(RTLD_NEXT, #NAME);               \
        if (is_ours(file)) {                                            \
            step();                                                     \
            if (is_on("nosync"))                                        \
                return 0;                                               \
            if (is_on("eio-sync"))                                      \
                return failed();                                        \
        }                                                               \
        return next(file);                                              \
    }

SYNC(fsync)
SYNC(fdatasync)

#define WRITE(NAME, PARAMETERS, ARGUMENTS)                              \
    ssize_t NAME PARAMETERS                                             \
    {                                                                   \
        static ssize_t(*next) PARAMETERS;                               \
        if (!next)                                                      \
            next = (ssize_t(*) PARAMETERS)dlsym(RTLD_NEXT, #NAME);      \
        if (is_ours(file)) {                                            \
            step();                                                     \
            if (is_on("eio-write"))                                     \
                return failed();                                        \
        }                                                               \
        return next ARGUMENTS;                                          \
    }

WRITE(write, (int file, const void *data, size_t size), (file, data, size))
WRITE(pwrite, (int file, const void *data, size_t size, off_t at), (file, data, size, at))
WRITE(pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at))
WRITE(writev, (int file, const struct iovec *parts, int count), (file, parts, count))

#define NAMES(NAME, PARAMETERS, ARGUMENTS)                              \
    int NAME PARAMETERS                                                 \
    {                                                                   \
        static int(*next) PARAMETERS;                                   \
        if (!next)                                                      \
            next = (int(*) PARAMETERS)dlsym(RTLD_NEXT, #NAME);          \
        if (is_below(path))                                             \
            step();                                                     \
        return next ARGUMENTS;                                          \
    }

NAMES(rename, (const char *path, const char *target), (path, target))
NAMES(unlink, (const char *path), (path))
NAMES(mkdir, (const char *path, mode_t mode), (path, mode))
