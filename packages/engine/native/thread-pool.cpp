#include "thread-pool.h"

#include <chrono>
#include <cstring>
#include <new>

#include "scratch.h"

namespace smol {

namespace {

/** A job is cut into this many chunks a thread, so that a thread that is late or disturbed holds up the others little. */
constexpr int64_t kChunksPerThread = 8;
/**
 * How long an idle worker looks for a job before it sleeps: longer than the usual gap between two kernels, because waking takes
 * as long as a small kernel, but not so long that it takes a busy machine's core from the caller.
 */
constexpr auto kPatience = std::chrono::microseconds(150);
/** Looks between two glances at the clock, or before the caller offers its core to others. */
constexpr int kLooks = 256;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

}  // namespace

Scratch& threadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

void ThreadPool::resize(int threads) {
  if (threads == this->threads()) return;
  end();
  try {
    while (this->threads() < threads) workers_.emplace_back(&ThreadPool::work, this);
  } catch (...) {
    end();
    throw;
  }
}

void ThreadPool::end() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  stop_ = false;
}

void ThreadPool::run(Loop loop, int64_t units, int64_t grain, const double* arguments, int count) {
  if (units <= 0) return;
  const int64_t most = units / (grain < 1 ? 1 : grain);
  const int64_t chunks = most < threads() * kChunksPerThread ? most : threads() * kChunksPerThread;
  if (workers_.empty() || chunks < 2) return loop(0, units, arguments);
  loop_ = loop;
  units_ = units;
  chunks_ = chunks;
  memcpy(arguments_, arguments, count * sizeof(double));
  done_.store(0, std::memory_order_relaxed);
  remaining_.store(chunks, std::memory_order_release);
  jobs_.fetch_add(1);
  if (sleepers_.load() > 0) {
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  while (runChunk()) {
  }
  for (int look = 0; done_.load(std::memory_order_acquire) < chunks; look++) {
    if (look % kLooks == kLooks - 1) std::this_thread::yield();
    relax();
  }
  if (failed_.exchange(false)) throw std::bad_alloc();
}

/** Claims a chunk and does it; false when there is none. */
bool ThreadPool::runChunk() {
  int64_t left = remaining_.load(std::memory_order_acquire);
  do {
    if (left <= 0) return false;
  } while (!remaining_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel, std::memory_order_acquire));
  const int64_t chunk = chunks_ - left;
  try {
    loop_(units_ * chunk / chunks_, units_ * (chunk + 1) / chunks_, arguments_);
  } catch (const std::bad_alloc&) {
    failed_ = true;  // reported by the caller when all have let go of the job
  }
  done_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

/** Looks for a job after the one `seen`, then sleeps until there is one; false when the thread shall end. */
bool ThreadPool::waitForJob(uint64_t seen) {
  const auto begin = std::chrono::steady_clock::now();
  do {
    for (int look = 0; look < kLooks; look++) {
      if (stop_.load(std::memory_order_relaxed)) return false;
      if (jobs_.load(std::memory_order_acquire) != seen) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() - begin < kPatience);
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1);
  wake_.wait(lock, [&] { return stop_.load() || jobs_.load() != seen; });
  sleepers_.fetch_sub(1);
  return !stop_.load();
}

void ThreadPool::work() {
  uint64_t seen = jobs_.load(std::memory_order_acquire);
  do {
    seen = jobs_.load(std::memory_order_acquire);
    while (runChunk()) {
    }
  } while (waitForJob(seen));
}

}  // namespace smol
