/* What a server calls the time, moved by as many seconds as the file $CLOCK is old: by its time of change. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

int gettimeofday(struct timeval *now, void *zone) {
    struct stat file;
    syscall(SYS_gettimeofday, now, zone);
    if (stat(getenv("CLOCK"), &file) == 0) now->tv_sec += file.st_mtime;
    return 0;
}
