// fma-peak THREADS: prints the GFLOPS of multiply-adds that never leave the registers, as {"f32": …, "bf16": … or null}.
// The limit the benchmark holds matrix products against. Compiled by bench/fma-peak.ts for the processor it runs on.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
typedef float Vector __attribute__((vector_size(64)));
#elif defined(__AVX2__)
typedef float Vector __attribute__((vector_size(32)));
#else
typedef float Vector __attribute__((vector_size(16)));
#endif
constexpr int LANES = sizeof(Vector) / sizeof(float);
constexpr int CHAINS = 12;  // enough independent sums to hide the latency of two units
constexpr long ROUNDS = 20'000'000;

static volatile float sink;

// Sums in an array are kept in memory by some compilers: each gets a name, and with it a register.
#define EACH_CHAIN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#if defined(__aarch64__)
#define KEEP(chain) asm volatile("" : "+w"(sum##chain));
#else
#define KEEP(chain) asm volatile("" : "+x"(sum##chain));
#endif

static void multiplyAdd() {
  Vector factor = {}, step = {};
  factor += 0.999f;
  step += 0.001f;
#define START(chain) Vector sum##chain = {};
#define ADVANCE(chain) sum##chain = sum##chain * factor + step; KEEP(chain)
#define TAKE(chain) sink = sum##chain[0];
  EACH_CHAIN(START)
  for (long round = 0; round < ROUNDS; round++) { EACH_CHAIN(ADVANCE) }
  EACH_CHAIN(TAKE)
#undef START
#undef ADVANCE
#undef TAKE
}

#if defined(__AVX512BF16__)
static void multiplyAddBf16() {
  const __m512bh ones = (__m512bh)_mm512_set1_epi16(0x3f80);
#define START(chain) __m512 sum##chain = _mm512_setzero_ps();
#define ADVANCE(chain) sum##chain = _mm512_dpbf16_ps(sum##chain, ones, ones); KEEP(chain)
#define TAKE(chain) sink = _mm512_cvtss_f32(sum##chain);
  EACH_CHAIN(START)
  for (long round = 0; round < ROUNDS; round++) { EACH_CHAIN(ADVANCE) }
  EACH_CHAIN(TAKE)
}
#endif

/** Best of five, in GFLOPS of all threads together. */
static double rate(void (*work)(), int threads, double operationsPerRound) {
  double best = 0;
  for (int run = 0; run < 5; run++) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (int thread = 1; thread < threads; thread++) others.emplace_back(work);
    work();
    for (auto& other : others) other.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double rate = threads * ROUNDS * operationsPerRound / seconds / 1e9;
    if (rate > best) best = rate;
  }
  return best;
}

int main(int, char** arguments) {
  const int threads = std::atoi(arguments[1]);
  std::printf("{\"f32\": %.1f, \"bf16\": ", rate(multiplyAdd, threads, 2.0 * LANES * CHAINS));
#if defined(__AVX512BF16__)
  std::printf("%.1f}\n", rate(multiplyAddBf16, threads, 2.0 * 32 * CHAINS));
#else
  std::printf("null}\n");
#endif
}
