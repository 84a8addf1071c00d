// Memory of one thread that lasts until its next kernel.
#pragma once

#include <cstdlib>
#include <new>

namespace smol {

/** Grows to the largest request of its thread and is freed with the thread. */
class Scratch {
 public:
  ~Scratch() { free(memory_); }

  /** At least `bytes`, aligned to a cache line; the content is whatever was there. Throws std::bad_alloc. */
  void* reserve(size_t bytes) {
    if (bytes > bytes_) {
      free(memory_);
      bytes_ = 0;
      memory_ = aligned_alloc(64, (bytes + 63) / 64 * 64);
      if (memory_ == nullptr) throw std::bad_alloc();
      bytes_ = bytes;
    }
    return memory_;
  }

 private:
  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

/** The scratch memory of the calling thread. */
Scratch& threadScratch();

/** Cuts consecutive aligned pieces from one block: once with no base to learn the size, once for real. */
class Layout {
 public:
  explicit Layout(void* base = nullptr) : base_(static_cast<char*>(base)) {}

  template <typename T>
  T* take(size_t count) {
    T* piece = reinterpret_cast<T*>(base_ + size_);
    size_ += (count * sizeof(T) + 63) / 64 * 64;
    return piece;
  }

  size_t size() const { return size_; }

 private:
  char* base_;
  size_t size_ = 0;
};

}  // namespace smol
