// SPDX-License-Identifier: MIT — part of millrace.
/* rtmpload: an RTMP load generator that checks what it receives.
 *
 * It publishes S synthetic live streams and plays them with N players over plain RTMP, from one thread (epoll), and
 * prints one JSON line: what was delivered, what was lost or damaged, the publish-to-play latency, the join time, and
 * the CPU time and memory of the server process tree named with -P (per GB played, or per GB published where -n is 0). Every video frame carries its sequence number and
 * the monotonic clock of its sending, and is filled with a pattern, so loss, reordering and damage are seen.
 *
 * Build: cc -O2 -o rtmpload rtmpload.c
 * Use:   rtmpload -p 1935 -P SERVER_PID -n 500 -S 1 -b 2500 -f 30 -g 2 -d 20
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct { uint32_t ts, len, sid, got; uint8_t type, ext; uint8_t head[64]; uint8_t *full; } Cs;
enum { HS, CONNECTING, CREATING, STARTING, LIVE, DEAD };
typedef struct {
  int fd, state, publisher, verify, stream;
  uint8_t *in; size_t in_len, in_cap;
  uint8_t *out; size_t out_off, out_len, out_cap;
  uint32_t in_chunk, window; uint64_t bytes, acked;
  Cs cs[64];
  int64_t t_connect, t_first; uint32_t last_seq; int has_seq;
  double sid;
  /* publisher */
  uint32_t seq; int64_t t0, next_v, next_a; uint32_t an;
} Conn;

static const char *host = "127.0.0.1", *app = "live", *prefix = "load";
static int port = 1935, players = 100, streams = 1, kbps = 2500, fps = 30, gop = 2, dur = 15, ramp = 500, verify_every = 16, audio_kbps = 128;
static int server_pid = 0, measuring = 0;
static uint64_t m_bytes, m_sent, m_frames, m_lost, m_damaged, m_back, m_audio, n_dead, n_live;
static uint32_t *lat; static size_t lat_n, lat_cap;
static uint32_t *join; static size_t join_n;
static int ep;

static int64_t now_us(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000LL + t.tv_nsec / 1000; }
static void p32(uint8_t *p, uint32_t v) { p[0] = v >> 24; p[1] = v >> 16; p[2] = v >> 8; p[3] = v; }
static uint32_t g32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

static void flush(Conn *c) {
  while (c->out_off < c->out_len) {
    ssize_t n = send(c->fd, c->out + c->out_off, c->out_len - c->out_off, MSG_NOSIGNAL);
    if (n > 0) { c->out_off += n; if (measuring && c->publisher) m_sent += n; continue; }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    c->state = DEAD; return;
  }
  struct epoll_event e = { .data.ptr = c, .events = EPOLLIN | (c->out_off < c->out_len ? EPOLLOUT : 0) };
  if (c->out_off == c->out_len) c->out_off = c->out_len = 0;
  epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}
static void put(Conn *c, const void *p, size_t n) {
  if (c->out_off && c->out_off == c->out_len) c->out_off = c->out_len = 0;
  if (c->out_len + n > c->out_cap) { c->out_cap = (c->out_len + n) * 2; c->out = realloc(c->out, c->out_cap); }
  memcpy(c->out + c->out_len, p, n); c->out_len += n;
}
#define OUT_CHUNK 4096
static uint32_t out_chunk(Conn *c) { return c->state >= LIVE && c->publisher ? OUT_CHUNK : 128; }
static void msg(Conn *c, int csid, uint32_t ts, int type, uint32_t sid, const uint8_t *p, size_t n) {
  uint8_t h[16]; h[0] = csid; int ext = ts >= 0xffffff; uint32_t t = ext ? 0xffffff : ts;
  h[1] = t >> 16; h[2] = t >> 8; h[3] = t; h[4] = n >> 16; h[5] = n >> 8; h[6] = n; h[7] = type;
  h[8] = sid; h[9] = sid >> 8; h[10] = sid >> 16; h[11] = sid >> 24; put(c, h, 12);
  if (ext) { uint8_t e[4]; p32(e, ts); put(c, e, 4); }
  size_t off = 0, k = out_chunk(c);
  while (off < n) {
    size_t m = n - off < k ? n - off : k;
    if (off) { uint8_t b = 0xc0 | csid; put(c, &b, 1); if (ext) { uint8_t e[4]; p32(e, ts); put(c, e, 4); } }
    put(c, p + off, m); off += m;
  }
}
/* AMF0 */
typedef struct { uint8_t b[1024]; size_t n; } A;
static void a_raw(A *a, const void *p, size_t n) { memcpy(a->b + a->n, p, n); a->n += n; }
static void a_name(A *a, const char *s) { uint8_t l[2] = { strlen(s) >> 8, strlen(s) }; a_raw(a, l, 2); a_raw(a, s, strlen(s)); }
static void a_str(A *a, const char *s) { a_raw(a, "\2", 1); a_name(a, s); }
static void a_num(A *a, double d) { uint64_t u; memcpy(&u, &d, 8); uint8_t b[9] = { 0 }; for (int i = 0; i < 8; i++) b[1 + i] = u >> (56 - 8 * i); a_raw(a, b, 9); }
static void a_null(A *a) { a_raw(a, "\5", 1); }
static void a_end(A *a) { a_raw(a, "\0\0\11", 3); }

static void send_connect(Conn *c) {
  A a = { .n = 0 }; char url[256]; snprintf(url, sizeof url, "rtmp://%s:%d/%s", host, port, app);
  a_str(&a, "connect"); a_num(&a, 1); a_raw(&a, "\3", 1);
  a_name(&a, "app"); a_str(&a, app); a_name(&a, "flashVer"); a_str(&a, "FMLE/3.0 (compatible; rtmpload)");
  a_name(&a, "tcUrl"); a_str(&a, url); a_name(&a, "fpad"); a_raw(&a, "\1\0", 2);
  a_name(&a, "audioCodecs"); a_num(&a, 4071); a_name(&a, "videoCodecs"); a_num(&a, 252); a_name(&a, "videoFunction"); a_num(&a, 1); a_end(&a);
  msg(c, 3, 0, 20, 0, a.b, a.n); c->state = CONNECTING;
}
static void send_create(Conn *c) {
  uint8_t w[4]; p32(w, 2500000); msg(c, 2, 0, 5, 0, w, 4);
  A a = { .n = 0 }; a_str(&a, "createStream"); a_num(&a, 2); a_null(&a); msg(c, 3, 0, 20, 0, a.b, a.n); c->state = CREATING;
}
static void send_start(Conn *c) {
  A a = { .n = 0 }; char name[64]; snprintf(name, sizeof name, "%s%d", prefix, c->stream);
  a_str(&a, c->publisher ? "publish" : "play"); a_num(&a, c->publisher ? 3 : 0); a_null(&a); a_str(&a, name);
  if (c->publisher) a_str(&a, "live"); else a_num(&a, -2000);
  msg(c, c->publisher ? 4 : 8, 0, 20, (uint32_t)c->sid, a.b, a.n);
  if (!c->publisher) { uint8_t b[10] = { 0, 3, 0, 0, 0, (uint8_t)c->sid, 0, 0, 0x0b, 0xb8 }; msg(c, 2, 0, 4, 0, b, 10); }
  c->state = STARTING;
}
static void pub_headers(Conn *c) {
  uint8_t k[4]; p32(k, OUT_CHUNK); c->state = STARTING; msg(c, 2, 0, 1, 0, k, 4); c->state = LIVE;
  A a = { .n = 0 }; a_str(&a, "@setDataFrame"); a_str(&a, "onMetaData"); a_raw(&a, "\10\0\0\0\6", 5);
  a_name(&a, "width"); a_num(&a, 1280); a_name(&a, "height"); a_num(&a, 720); a_name(&a, "framerate"); a_num(&a, fps);
  a_name(&a, "videocodecid"); a_num(&a, 7); a_name(&a, "audiocodecid"); a_num(&a, 10); a_name(&a, "videodatarate"); a_num(&a, kbps); a_end(&a);
  msg(c, 4, 0, 18, (uint32_t)c->sid, a.b, a.n);
  static const uint8_t avc[] = { 0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x1f, 0xff, 0xe1, 0, 0x17, 0x67, 0x42, 0xc0, 0x1f, 0xda, 1, 0x40, 0x16, 0xe8, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 0x0f, 3, 0xc6, 0x0c, 0xa8, 0x80, 1, 0, 4, 0x68, 0xce, 0x3c, 0x80 };
  static const uint8_t aac[] = { 0xaf, 0, 0x12, 0x10 };
  msg(c, 6, 0, 9, (uint32_t)c->sid, avc, sizeof avc); msg(c, 5, 0, 8, (uint32_t)c->sid, aac, sizeof aac);
  c->t0 = c->next_v = c->next_a = now_us();
}
static void fill(uint8_t *p, size_t n, uint32_t seq) { for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(seq * 31 + i) | 1; }
/* a frame: FLV AVC header (5), NALU length (4), NALU type, magic "RL", stream, seq (4), clock us (8), pattern */
static void pub_tick(Conn *c) {
  static uint8_t f[4 << 20]; int64_t t = now_us();
  if (c->state != LIVE || !c->t0) return;
  while (c->next_v <= t) {
    int key = c->seq % (fps * gop) == 0; size_t avg = (size_t)kbps * 125 / fps;
    size_t n = key ? avg * 6 : avg * (fps * gop - 6) / (fps * gop - 1); if (n < 64) n = 64; if (n > sizeof f) n = sizeof f;
    f[0] = key ? 0x17 : 0x27; f[1] = 1; f[2] = f[3] = f[4] = 0; p32(f + 5, n - 9); f[9] = key ? 0x65 : 0x41;
    f[10] = 'R'; f[11] = 'L'; f[12] = c->stream; p32(f + 13, c->seq); int64_t s = now_us(); p32(f + 17, s >> 32); p32(f + 21, s); fill(f + 25, n - 25, c->seq);
    msg(c, 6, (uint32_t)((c->next_v - c->t0) / 1000), 9, (uint32_t)c->sid, f, n); c->seq++; c->next_v = c->t0 + (int64_t)c->seq * 1000000 / fps;
  }
  while (c->next_a <= t) {
    static uint8_t a[8192]; size_t n = (size_t)audio_kbps * 125 * 1024 / 44100; if (n < 8) n = 8; if (n > sizeof a) n = sizeof a; a[0] = 0xaf; a[1] = 1; fill(a + 2, n - 2, c->an);
    msg(c, 5, (uint32_t)((c->next_a - c->t0) / 1000), 8, (uint32_t)c->sid, a, n); c->an++; c->next_a = c->t0 + (int64_t)c->an * 1024 * 1000000 / 44100;
  }
  flush(c);
}
static int has(const uint8_t *p, size_t n, const char *s) { return memmem(p, n, s, strlen(s)) != NULL; }
static void on_msg(Conn *c, Cs *m) {
  size_t hn = m->len < sizeof m->head ? m->len : sizeof m->head;
  if (m->type == 1 && m->len >= 4) c->in_chunk = g32(m->head) & 0x7fffffff;
  else if (m->type == 5 && m->len >= 4) c->window = g32(m->head);
  else if (m->type == 4 && m->len >= 6 && m->head[1] == 6) { uint8_t b[6] = { 0, 7 }; memcpy(b + 2, m->head + 2, 4); msg(c, 2, 0, 4, 0, b, 6); flush(c); }
  else if (m->type == 20 || m->type == 17) {
    if (has(m->head, hn, "_error") || has(m->head, hn, "close")) { fprintf(stderr, "rtmpload: refused: %.*s\n", (int)hn, m->head); c->state = DEAD; return; }
    if (has(m->head, hn, "_result")) {
      if (c->state == CONNECTING) send_create(c);
      else if (c->state == CREATING && hn >= 29) { uint64_t u = 0; for (int i = 0; i < 8; i++) u = u << 8 | m->head[21 + i]; memcpy(&c->sid, &u, 8); send_start(c); }
      flush(c);
    } else if (c->publisher && c->state == STARTING && has(m->head, hn, "onStatus")) { pub_headers(c); flush(c); }
  } else if (m->type == 8) { if (measuring) m_audio++; }
  else if (m->type == 9 && m->len > 25 && m->head[1] == 1 && m->head[10] == 'R' && m->head[11] == 'L') {
    uint32_t seq = g32(m->head + 13); int64_t s = (int64_t)g32(m->head + 17) << 32 | g32(m->head + 21), t = now_us();
    if (!c->t_first) { c->t_first = t; join[join_n++] = (uint32_t)(t - c->t_connect); c->state = LIVE; n_live++; }
    if (measuring) {
      m_frames++;
      if (c->has_seq && seq > c->last_seq + 1) m_lost += seq - c->last_seq - 1;
      if (c->has_seq && seq <= c->last_seq) m_back++;
      if (m->full) { for (size_t i = 25; i < m->len; i++) if (m->full[i] != ((uint8_t)(seq * 31 + (i - 25)) | 1)) { m_damaged++; break; } }
      if (lat_n < lat_cap) lat[lat_n++] = (uint32_t)(t - s);
    }
    c->last_seq = seq; c->has_seq = 1;
  }
}
/* consumes whole chunk headers and any part of payloads; returns bytes used */
static size_t parse(Conn *c, const uint8_t *p, size_t n, int *cur, size_t *left) {
  size_t i = 0;
  while (i < n) {
    if (*cur >= 0) {
      Cs *m = &c->cs[*cur]; size_t k = n - i < *left ? n - i : *left;
      if (m->got < sizeof m->head) { size_t h = sizeof m->head - m->got < k ? sizeof m->head - m->got : k; memcpy(m->head + m->got, p + i, h); }
      if (m->full) memcpy(m->full + m->got, p + i, k);
      m->got += k; *left -= k; i += k;
      if (*left) break;
      *cur = -1;
      if (m->got == m->len) { on_msg(c, m); m->got = 0; free(m->full); m->full = NULL; if (c->state == DEAD) return i; }
      continue;
    }
    size_t q = i; uint8_t b = p[q++]; int fmt = b >> 6, id = b & 63;
    if (id == 0) { if (q >= n) break; id = p[q++] + 64; } else if (id == 1) { if (q + 2 > n) break; id = p[q] + 64 + p[q + 1] * 256; q += 2; }
    Cs *m = &c->cs[id & 63]; static const int hl[4] = { 11, 7, 3, 0 };
    if (q + hl[fmt] > n) break;
    uint32_t ts = 0; if (fmt < 3) { ts = p[q] << 16 | p[q + 1] << 8 | p[q + 2]; m->ext = ts == 0xffffff; }
    if (fmt < 2) { m->len = p[q + 3] << 16 | p[q + 4] << 8 | p[q + 5]; m->type = p[q + 6]; }
    if (fmt == 0) m->sid = p[q + 7] | p[q + 8] << 8 | p[q + 9] << 16 | (uint32_t)p[q + 10] << 24;
    q += hl[fmt]; if (m->ext) { if (q + 4 > n) break; q += 4; }
    i = q;
    if (m->got == 0 && c->verify && m->type == 9) m->full = malloc(m->len + 1);
    size_t rest = m->len - m->got; *left = rest < c->in_chunk ? rest : c->in_chunk; *cur = id & 63;
    if (!*left) { *cur = -1; if (m->len == 0) on_msg(c, m); }
  }
  return i;
}
typedef struct { int cur; size_t left; } Ps;
static Ps *ps; static Conn *conns;
static void on_read(Conn *c) {
  static uint8_t buf[1 << 18];
  Ps *s = &ps[c - conns];
  for (;;) {
    if (c->in_len) memcpy(buf, c->in, c->in_len);
    ssize_t n = recv(c->fd, buf + c->in_len, sizeof buf - c->in_len, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) { c->state = DEAD; return; }
    if (n < 0) return;
    c->bytes += n; if (measuring && !c->publisher) m_bytes += n;
    size_t len = c->in_len + n, off = 0; int full = len == sizeof buf;
    if (c->state == HS) {
      if (len < 3073) { if (c->in_cap < len) c->in = realloc(c->in, c->in_cap = 8192); memcpy(c->in, buf, len); c->in_len = len; continue; }
      put(c, buf + 1, 1536); off = 3073; send_connect(c); flush(c);
    }
    off += parse(c, buf + off, len - off, &s->cur, &s->left);
    if (c->state == DEAD) return;
    c->in_len = len - off;
    if (c->in_len) { if (c->in_cap < c->in_len) c->in = realloc(c->in, c->in_cap = c->in_len + 64); memcpy(c->in, buf + off, c->in_len); }
    if (c->window && c->bytes - c->acked >= c->window / 2) { uint8_t b[4]; p32(b, (uint32_t)c->bytes); msg(c, 2, 0, 3, 0, b, 4); c->acked = c->bytes; flush(c); }
    if (!full) return;
  }
}
static void start(Conn *c, int i) {
  memset(c, 0, sizeof *c); ps[i].cur = -1; c->in_chunk = 128; c->publisher = i < streams; c->stream = c->publisher ? i : (i - streams) % streams;
  c->verify = !c->publisher && verify_every && (i % verify_every == 0);
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) }; inet_pton(AF_INET, host, &a.sin_addr);
  /* spread the clients over loopback source addresses, so that ports do not run out */
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (!strncmp(host, "127.", 4) && i >= 20000) { struct sockaddr_in l = { .sin_family = AF_INET }; l.sin_addr.s_addr = htonl(0x7f000001u + i / 20000); bind(c->fd, (void *)&l, sizeof l); }
  c->t_connect = now_us();
  if (connect(c->fd, (void *)&a, sizeof a)) { c->state = DEAD; close(c->fd); c->fd = -1; return; }
  int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event e = { .events = EPOLLIN, .data.ptr = c }; epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  uint8_t h[1537] = { 3 }; for (int k = 9; k < 1537; k++) h[k] = (uint8_t)(k * 7 + i); put(c, h, sizeof h); flush(c);
}
static int cmp(const void *a, const void *b) { uint32_t x = *(uint32_t *)a, y = *(uint32_t *)b; return x < y ? -1 : x > y; }
static double pct(uint32_t *v, size_t n, double q) { return n ? v[(size_t)(q * (n - 1))] / 1000.0 : 0; }
/* CPU seconds and PSS/RSS MiB of a process and its descendants */
static void proc_tree(int pid, double *cpu, double *rss) {
  char f[64], b[4096]; snprintf(f, sizeof f, "/proc/%d/stat", pid); FILE *h = fopen(f, "r"); if (!h) return;
  size_t n = fread(b, 1, sizeof b - 1, h); fclose(h); b[n] = 0; char *p = strrchr(b, ')'); unsigned long ut, st; long r;
  if (p && sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld", &ut, &st, &r) == 3) { *cpu += (ut + st) / (double)sysconf(_SC_CLK_TCK); *rss += r * (sysconf(_SC_PAGESIZE) / 1048576.0); }
  DIR *d = opendir("/proc"); struct dirent *e;
  while (d && (e = readdir(d))) { int k = atoi(e->d_name); if (k <= 0 || k == pid) continue; snprintf(f, sizeof f, "/proc/%d/stat", k); if (!(h = fopen(f, "r"))) continue; n = fread(b, 1, sizeof b - 1, h); fclose(h); b[n] = 0; p = strrchr(b, ')'); int pp; if (p && sscanf(p + 2, "%*c %d", &pp) == 1 && pp == pid) proc_tree(k, cpu, rss); }
  if (d) closedir(d);
}
static void pump(int64_t until) {
  struct epoll_event ev[512];
  while (now_us() < until) {
    int n = epoll_wait(ep, ev, 512, 2);
    for (int i = 0; i < n; i++) {
      Conn *c = ev[i].data.ptr; if (c->state == DEAD) continue;
      if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_read(c);
      if (c->state != DEAD && (ev[i].events & EPOLLOUT)) flush(c);
      if (c->state == DEAD) { n_dead++; epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL); close(c->fd); }
    }
    for (int i = 0; i < streams; i++) pub_tick(&conns[i]);
  }
}
int main(int argc, char **argv) {
  for (int o; (o = getopt(argc, argv, "h:p:a:s:n:S:b:A:f:g:d:r:P:v:")) > 0;) switch (o) {
    case 'h': host = optarg; break; case 'p': port = atoi(optarg); break; case 'a': app = optarg; break; case 's': prefix = optarg; break;
    case 'n': players = atoi(optarg); break; case 'S': streams = atoi(optarg); break; case 'b': kbps = atoi(optarg); break; case 'A': audio_kbps = atoi(optarg); break; case 'f': fps = atoi(optarg); break;
    case 'g': gop = atoi(optarg); break; case 'd': dur = atoi(optarg); break; case 'r': ramp = atoi(optarg); break; case 'P': server_pid = atoi(optarg); break; case 'v': verify_every = atoi(optarg); break;
    default: fprintf(stderr, "usage: rtmpload [-h ip] [-p port] [-a app] [-s name-prefix] [-n players] [-S streams] [-b video-kbit/s] [-A audio-kbit/s] [-f fps] [-g gop-s] [-d seconds] [-r joins/s] [-P server-pid] [-v verify-every]\n"); return 2;
  }
  ep = epoll_create1(0); int total = streams + players; conns = calloc(total, sizeof *conns); ps = calloc(total, sizeof *ps);
  lat_cap = 20000000; lat = malloc(lat_cap * 4); join = malloc((total + 1) * 4);
  double cpu_idle = 0, rss0 = 0; if (server_pid) proc_tree(server_pid, &cpu_idle, &rss0);
  for (int i = 0; i < streams; i++) start(&conns[i], i);
  pump(now_us() + 1500000);
  for (int i = 0; i < streams; i++) if (conns[i].state != LIVE) { fprintf(stderr, "rtmpload: publisher %d did not start (state %d)\n", i, conns[i].state); return 1; }
  int64_t t = now_us(); for (int i = 0; i < players; i++) { start(&conns[streams + i], streams + i); int64_t at = t + (int64_t)(i + 1) * 1000000 / ramp; if (at > now_us()) pump(at); else if (i % 8 == 7) pump(now_us() + 1); }
  int64_t give_up = now_us() + 20000000; while (n_live < (uint64_t)players && now_us() < give_up && n_dead < (uint64_t)players) pump(now_us() + 50000);
  pump(now_us() + 2000000);
  double c0 = 0, r0 = 0, c1 = 0, r1 = 0; if (server_pid) proc_tree(server_pid, &c0, &r0);
  double g0 = (double)clock() / CLOCKS_PER_SEC; measuring = 1; int64_t m0 = now_us(); pump(m0 + dur * 1000000LL); double secs = (now_us() - m0) / 1e6; measuring = 0;
  double g1 = (double)clock() / CLOCKS_PER_SEC; if (server_pid) proc_tree(server_pid, &c1, &r1);
  qsort(lat, lat_n, 4, cmp); qsort(join, join_n, 4, cmp);
  double expect = (double)secs * fps * players;
  printf("{\"players\":%d,\"streams\":%d,\"kbps\":%d,\"live\":%lu,\"dead\":%lu,\"secs\":%.2f,\"gbit_s\":%.3f,\"published_gbit_s\":%.3f,\"frames_pct\":%.2f,\"lost\":%lu,\"repeated\":%lu,\"damaged\":%lu,"
         "\"lat_ms\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f},\"join_ms\":{\"p50\":%.1f,\"p99\":%.1f},\"server_cores\":%.3f,\"server_cpu_s_per_GB\":%.3f,\"server_MiB\":%.0f,\"KiB_per_player\":%.1f,\"load_cores\":%.3f}\n",
         players, streams, kbps, n_live, n_dead, secs, m_bytes * 8 / secs / 1e9, m_sent * 8 / secs / 1e9, players ? 100 * m_frames / expect : 100.0, m_lost, m_back, m_damaged,
         pct(lat, lat_n, .5), pct(lat, lat_n, .99), pct(lat, lat_n, 1), pct(join, join_n, .5), pct(join, join_n, .99), (c1 - c0) / secs, m_bytes + m_sent ? (c1 - c0) / ((players ? m_bytes : m_sent) / 1e9) : 0, r1, players ? (r1 - rss0) * 1024 / players : 0, (g1 - g0) / secs);
  return n_live == (uint64_t)players && !m_lost && !m_damaged ? 0 : 1;
}
