/* Moves the clock of a server: by the seconds that stand as the time of change of the file $CLOCK. */
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
