// Storms over many files: seconds per entry for reading folders, stat and open with close.
// usage: files FOLDER DIRECTORIES FILES    the folder is tree.py's: d000/file0000.txt and so on
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) { perror(what); exit(1); }

static const char *folder;
static int directories, files;

static const char *path(int directory, int file) {
    static char text[512];
    snprintf(text, sizeof text, "%s/d%03d/file%04d.txt", folder, directory, file);
    return text;
}

static void read_folders(void) {
    long found = 0;
    for (int d = 0; d < directories; d++) {
        char text[512];
        snprintf(text, sizeof text, "%s/d%03d", folder, d);
        DIR *open = opendir(text);
        if (!open) fail(text);
        while (readdir(open)) found++;
        closedir(open);
    }
    if (found != (long)directories * (files + 2)) { fprintf(stderr, "%ld entries found\n", found); exit(1); }
}

static void stat_all(void) {
    struct stat status;
    for (int d = 0; d < directories; d++) for (int f = 0; f < files; f++) if (stat(path(d, f), &status)) fail("stat");
}

static void open_all(void) {
    for (int d = 0; d < directories; d++) for (int f = 0; f < files; f++) {
        int file = open(path(d, f), O_RDONLY);
        if (file < 0) fail("open");
        close(file);
    }
}

static void measure(const char *name, void (*run)(void)) {
    double start = now();
    run();
    printf("figure %s %.9f\n", name, (now() - start) / ((double)directories * files));
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 4) { fprintf(stderr, "usage: files FOLDER DIRECTORIES FILES\n"); return 2; }
    folder = argv[1], directories = atoi(argv[2]), files = atoi(argv[3]);
    measure("stat_first", stat_all);
    measure("stat_again", stat_all);
    measure("open_close", open_all);
    measure("readdir", read_folders);
    return 0;
}
