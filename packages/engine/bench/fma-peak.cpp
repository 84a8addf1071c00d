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

static void multiplyAdd() {
  Vector sums[CHAINS] = {};
  Vector factor = {}, step = {};
  factor += 0.999f;
  step += 0.001f;
  for (long round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 12
    for (int chain = 0; chain < CHAINS; chain++) {
      sums[chain] = sums[chain] * factor + step;
      asm volatile("" : "+x"(sums[chain]));
    }
  }
  for (auto& sum : sums) sink = sum[0];
}

#if defined(__AVX512BF16__)
static void multiplyAddBf16() {
  __m512 sums[CHAINS];
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  const __m512bh ones = (__m512bh)_mm512_set1_epi16(0x3f80);
  for (long round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 12
    for (int chain = 0; chain < CHAINS; chain++) {
      sums[chain] = _mm512_dpbf16_ps(sums[chain], ones, ones);
      asm volatile("" : "+x"(sums[chain]));
    }
  }
  for (auto& sum : sums) sink = _mm512_cvtss_f32(sum);
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
