// Threads that share the units of one kernel call.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "kernel.h"

namespace smol {

/**
 * The caller publishes a job by storing its number of chunks in `remaining`; any thread claims a chunk by counting that down, and
 * reports it in `done`. A claimed but unreported chunk keeps the caller waiting, so a job never changes under a thread that works
 * on it, and a thread that comes late claims nothing or a chunk of the next job; both are right.
 */
class ThreadPool {
 public:
  ThreadPool() = default;
  ~ThreadPool() { resize(1); }

  /** Starts or ends workers so that `threads` threads work, the caller included. Throws std::system_error. */
  void resize(int threads);

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /**
   * Runs the loop over `units` units, cut into chunks of at least `grain` units. Returns when all are done.
   * Throws std::bad_alloc when a thread had no memory for its scratch.
   */
  void run(Loop loop, int64_t units, int64_t grain, const double* arguments, int count);

 private:
  void work();
  bool runChunk();
  bool waitForJob(uint64_t seen);
  void end();

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> jobs_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
  alignas(64) std::atomic<int64_t> remaining_{0};
  alignas(64) std::atomic<int64_t> done_{0};
  Loop loop_ = nullptr;
  int64_t units_ = 0;
  int64_t chunks_ = 0;
  double arguments_[kMostArguments] = {};
};

}  // namespace smol
