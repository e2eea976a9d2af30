/* wanpath: a long line between two network namespaces, in user space.
 *
 *   wanpath NETNS_A TUN_A NETNS_B TUN_B DELAY_US BYTES_PER_SECOND LOSS_PER_MILLION QUEUE_BYTES SEED
 *
 * Makes a TUN device in either namespace (they vanish with the process), prints "ready", and carries packets between
 * them until it is ended. On SIGTERM it prints a line of counters for each direction. TCP at both ends is the
 * kernel's own, so slow start, loss recovery and the sharing of the line are real; only the line is made up. Made
 * this way, and not with netem, because many kernels (containers, microVMs) come without that module.
 *
 * The two directions are alike and independent. In each:
 *
 *     arrives -> lost at random? -> no room in the queue? -> leaves the queue at the line's rate -> delay -> out
 *
 * The queue is never simulated packet by packet: `free_at` is the moment at which the line will have sent all that is
 * queued, so (free_at - now) * rate is what stands in the queue, and a packet that is let in leaves at the new
 * free_at. Since the rate and the delay are constant, packets leave in the order in which they came, and a ring of
 * slots in that order is all the memory that is needed. One thread owns one direction: there is no lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000ull
#define MTU_BYTES 1500
#define SLOTS 32768u /* packets on the way in one direction; a power of two, so that indices wrap around */
#define BATCH 64     /* packets that are taken in before those that are due go out */

struct slot {
    uint64_t due; /* ns, monotonic */
    uint32_t length;
    unsigned char bytes[MTU_BYTES];
};

struct direction {
    const char *name;
    int in, out;             /* TUN devices, not blocking */
    double bytes_per_second;
    uint64_t delay, free_at; /* ns */
    double queue_bytes;
    uint32_t loss_per_million;
    uint64_t random;
    struct slot *slots;
    uint32_t head, tail;     /* the next slot to fill, the next one to send; head - tail are on the way */
    uint64_t carried, lost, dropped;
};

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

/* xorshift64*: short, fast, and the same on every machine. */
static uint32_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 2685821657736338717ull) >> 32);
}

/* Files a packet of the head's slot under its time, or forgets it. */
static void take(struct direction *line, uint32_t length, uint64_t time)
{
    if (line->loss_per_million && draw(&line->random) % 1000000u < line->loss_per_million) {
        line->lost++;
        return;
    }
    uint64_t start = line->free_at > time ? line->free_at : time;
    double queued = (double)(start - time) * line->bytes_per_second / (double)NANOSECONDS;
    /* The last slot stays free: it is where the next packet is read into. */
    if (queued + length > line->queue_bytes || line->head - line->tail >= SLOTS - 1) {
        line->dropped++;
        return;
    }
    line->free_at = start + (uint64_t)((double)length * (double)NANOSECONDS / line->bytes_per_second);
    struct slot *slot = &line->slots[line->head % SLOTS];
    slot->due = line->free_at + line->delay;
    slot->length = length;
    line->head++;
}

static void take_in(struct direction *line)
{
    for (int count = 0; count < BATCH; count++) {
        struct slot *slot = &line->slots[line->head % SLOTS];
        ssize_t length = read(line->in, slot->bytes, sizeof slot->bytes);
        if (length <= 0)
            return;
        take(line, (uint32_t)length, now());
    }
}

static void let_out(struct direction *line)
{
    uint64_t time = now();
    while (line->head != line->tail && line->slots[line->tail % SLOTS].due <= time) {
        struct slot *slot = &line->slots[line->tail % SLOTS];
        /* A full or closed device loses the packet, as a real one would. */
        if (write(line->out, slot->bytes, slot->length) == (ssize_t)slot->length)
            line->carried++;
        line->tail++;
    }
}

static void *carry(void *argument)
{
    struct direction *line = argument;
    struct pollfd arrival = {.fd = line->in, .events = POLLIN};
    /* The kernel may otherwise wake us 50 us late, which is four packets at 1 Gbit/s. */
    prctl(PR_SET_TIMERSLACK, 1);
    for (;;) {
        take_in(line);
        let_out(line);
        struct timespec rest, *until = NULL;
        if (line->head != line->tail) {
            uint64_t due = line->slots[line->tail % SLOTS].due, time = now();
            uint64_t wait = due > time ? due - time : 0;
            rest = (struct timespec){(time_t)(wait / NANOSECONDS), (long)(wait % NANOSECONDS)};
            until = &rest;
        }
        if (ppoll(&arrival, 1, until, NULL) < 0 && errno != EINTR)
            fail("ppoll");
    }
    return NULL;
}

static void enter(const char *netns)
{
    char path[256];
    snprintf(path, sizeof path, "/var/run/netns/%s", netns);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || setns(file, CLONE_NEWNET) < 0)
        fail(path);
    close(file);
}

static int open_tun(const char *netns, const char *name)
{
    enter(netns);
    int file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (file < 0 || ioctl(file, TUNSETIFF, &request) < 0)
        fail(name);
    return file;
}

static struct direction *start(const char *name, int in, int out, char **numbers, uint64_t salt)
{
    struct direction *line = calloc(1, sizeof *line);
    struct slot *slots = line ? calloc(SLOTS, sizeof *slots) : NULL;
    if (!slots)
        fail("memory");
    *line = (struct direction){
        .name = name,
        .in = in,
        .out = out,
        .slots = slots,
        .delay = strtoull(numbers[0], NULL, 10) * 1000,
        .bytes_per_second = strtod(numbers[1], NULL),
        .loss_per_million = (uint32_t)strtoul(numbers[2], NULL, 10),
        .queue_bytes = strtod(numbers[3], NULL),
        /* xorshift must not start at zero, and the directions must not lose the same packets. */
        .random = (strtoull(numbers[4], NULL, 10) + 1) * 0x9E3779B97F4A7C15ull ^ salt,
    };
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, carry, line)))
        fail("pthread_create");
    return line;
}

static void report(const struct direction *line)
{
    printf("%s carried=%llu lost=%llu dropped=%llu\n", line->name, (unsigned long long)line->carried,
           (unsigned long long)line->lost, (unsigned long long)line->dropped);
}

int main(int count, char **arguments)
{
    if (count != 10) {
        fprintf(stderr, "usage: wanpath NETNS_A TUN_A NETNS_B TUN_B DELAY_US BYTES_PER_SECOND LOSS_PER_MILLION "
                        "QUEUE_BYTES SEED\n");
        return 2;
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before the threads start: they inherit it */
    /* The path mustn't outlive whoever measures with it. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);

    int a = open_tun(arguments[1], arguments[2]);
    int b = open_tun(arguments[3], arguments[4]);
    struct direction *out = start("out", a, b, arguments + 5, 0x5851F42D4C957F2Dull);
    struct direction *back = start("back", b, a, arguments + 5, 0x14057B7EF767814Full);
    puts("ready");
    fflush(stdout);

    int signal;
    sigwait(&ends, &signal);
    report(out);
    report(back);
    return 0;
}
