// SPDX-License-Identifier: MIT
#include "stgmamba/data/loader.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <variant>

#include "stgmamba/util/check.hpp"

namespace stgmamba::data {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

struct Loader::Impl {
  Impl(std::unique_ptr<BatchSource> source_, int workers_, int prefetch_)
      : source(std::move(source_)), workers(workers_), prefetch(prefetch_) {
    STG_CHECK(workers >= 0 && prefetch > 0, "[Loader] {} workers, {} batches ahead", workers, prefetch);
  }

  ~Impl() {
    {
      const std::lock_guard<std::mutex> guard(mutex);
      ending = true;
    }
    changed.notify_all();
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return ending || next_to_make < current + prefetch; });
      if (ending) {
        return;
      }
      const std::int64_t step = next_to_make++, made_for = generation;
      lock.unlock();
      std::variant<Batch, std::exception_ptr> result;
      try {
        result = source->make(step);
      } catch (...) {
        result = std::current_exception();
      }
      lock.lock();
      if (made_for == generation) {
        ready.emplace(step, std::move(result));
        changed.notify_all();
      }
    }
  }

  void restart(std::int64_t step) {
    STG_CHECK(step >= 0, "[Loader] start(step) needs step >= 0, got {}", step);
    const std::lock_guard<std::mutex> guard(mutex);
    ++generation;  // what is being made for the old place is dropped when it comes
    current = next_to_make = step;
    ready.clear();
    while (static_cast<int>(threads.size()) < workers) {
      threads.emplace_back([this] { work(); });
    }
    changed.notify_all();
  }

  const std::unique_ptr<BatchSource> source;
  const int workers, prefetch;

  std::mutex mutex;  // guards everything below
  std::condition_variable changed;
  std::map<std::int64_t, std::variant<Batch, std::exception_ptr>> ready;
  std::int64_t current = 0, next_to_make = 0, generation = 0;
  bool started = false, ending = false;
  double waited = 0.0;
  std::vector<std::thread> threads;
};

Loader::Loader(std::unique_ptr<BatchSource> source, int workers, int prefetch)
    : impl_(std::make_unique<Impl>(std::move(source), workers, prefetch)) {}

Loader::Loader(const Dataset& dataset, const DataConfig& config, const std::string& split, std::uint64_t seed,
               bool train)
    : Loader(music_source(dataset, config, split, seed, train), config.workers, config.prefetch) {}

Loader::~Loader() = default;

std::int64_t Loader::batches_per_epoch() const {
  return impl_->source->batches_per_epoch();
}

void Loader::start(std::int64_t step) {
  impl_->restart(step);
  impl_->started = true;
}

Batch Loader::next() {
  if (!impl_->started) {
    start(0);
  }
  const Clock::time_point begin = Clock::now();
  const auto count_wait = [&] { impl_->waited += std::chrono::duration<double>(Clock::now() - begin).count(); };
  if (impl_->workers == 0) {
    Batch batch = impl_->source->make(impl_->current);
    ++impl_->current;
    count_wait();
    return batch;
  }
  std::unique_lock<std::mutex> lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return impl_->ready.count(impl_->current) > 0; });
  count_wait();
  auto& result = impl_->ready.at(impl_->current);
  if (const auto* error = std::get_if<std::exception_ptr>(&result)) {
    std::rethrow_exception(*error);  // stays: asking again gives the same answer until start()
  }
  Batch batch = std::move(std::get<Batch>(result));
  impl_->ready.erase(impl_->current++);
  lock.unlock();
  impl_->changed.notify_all();
  return batch;
}

double Loader::seconds_waited() const {
  return impl_->waited;
}

Batch Loader::at(std::int64_t step) const {
  return impl_->source->make(step);
}

}  // namespace stgmamba::data
