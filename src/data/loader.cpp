// SPDX-License-Identifier: MIT
#include "stgmamba/data/loader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <variant>

#include "stgmamba/util/check.hpp"

#include "data/windows.hpp"

namespace stgmamba::data {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t kMegabyte = 1 << 20;

WindowPlan make_plan(const Dataset& dataset, const DataConfig& config, const std::string& split, std::uint64_t seed,
                     bool train) {
  STG_CHECK(config.frames > 0 && config.batch_size > 0 && config.prefetch > 0 && config.workers >= 0,
            "[Loader] frames, batch_size and prefetch must be positive, got {}, {} and {}", config.frames,
            config.batch_size, config.prefetch);
  WindowPlan plan(dataset.split(split, config.styles), config, seed, train);
  if (plan.takes().empty()) {
    throw DataError(
        "{}: split '{}' must hold takes of the chosen styles that last {:.1f} s or more, got none; run "
        "`stg_data check {}`",
        dataset.folder().string(), split, static_cast<double>(config.frames) / kFps, dataset.folder().string());
  }
  return plan;
}

}  // namespace

struct Loader::Impl {
  Impl(const Dataset& dataset, const DataConfig& config_, const std::string& split, std::uint64_t seed_, bool train_)
      : config(config_),
        seed(seed_),
        train(train_),
        plan(make_plan(dataset, config_, split, seed_, train_)),
        cache(dataset, config_.cache_mb * kMegabyte, config_.features != "waveform") {
    const std::int64_t samples = plan.epoch_samples();
    STG_CHECK(!train || samples >= config.batch_size, "[Loader] an epoch of {} windows has no batch of {}", samples,
              config.batch_size);
    batches = train ? samples / config.batch_size : (samples + config.batch_size - 1) / config.batch_size;
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

  using Order = std::shared_ptr<const std::vector<std::int64_t>>;
  Order order_of(std::int64_t epoch) {
    const std::lock_guard<std::mutex> guard(order_mutex);
    if (!order || order_epoch != epoch) {
      order = std::make_shared<const std::vector<std::int64_t>>(plan.order(epoch));
      order_epoch = epoch;
    }
    return order;
  }

  Batch make(std::int64_t step) {
    STG_CHECK(step >= 0, "[Loader] a step must not be negative, got {}", step);
    const std::int64_t epoch = step / batches, first = step % batches * config.batch_size;
    const std::int64_t size = std::min(config.batch_size, plan.epoch_samples() - first);
    const Order places = order_of(epoch);
    Batch batch = make_batch(size, config.frames, config.features);
    for (std::int64_t row = 0; row < size; ++row) {
      const Window window = plan.window(epoch, first + row, *places);
      const auto take = cache.get(plan.takes()[window.take]);
      fill_row(batch, row, *take, window, seed, epoch * plan.epoch_samples() + first + row, train);
    }
    return batch;
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return ending || next_to_make < current + config.prefetch; });
      if (ending) {
        return;
      }
      const std::int64_t step = next_to_make++, made_for = generation;
      lock.unlock();
      std::variant<Batch, std::exception_ptr> result;
      try {
        result = make(step);
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
    while (static_cast<int>(threads.size()) < config.workers) {
      threads.emplace_back([this] { work(); });
    }
    changed.notify_all();
  }

  const DataConfig config;
  const std::uint64_t seed;
  const bool train;
  const WindowPlan plan;
  TakeCache cache;
  std::int64_t batches = 0;

  std::mutex order_mutex;
  Order order;
  std::int64_t order_epoch = -1;

  std::mutex mutex;  // guards everything below
  std::condition_variable changed;
  std::map<std::int64_t, std::variant<Batch, std::exception_ptr>> ready;
  std::int64_t current = 0, next_to_make = 0, generation = 0;
  bool started = false, ending = false;
  double waited = 0.0;
  std::vector<std::thread> threads;
};

Loader::Loader(const Dataset& dataset, const DataConfig& config, const std::string& split, std::uint64_t seed,
               bool train)
    : impl_(std::make_unique<Impl>(dataset, config, split, seed, train)) {}

Loader::~Loader() = default;

std::int64_t Loader::batches_per_epoch() const {
  return impl_->batches;
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
  if (impl_->config.workers == 0) {
    Batch batch = impl_->make(impl_->current);
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
  return impl_->make(step);
}

std::vector<Batch> evaluation_batches(const Dataset& dataset, const DataConfig& config, const std::string& split,
                                      std::int64_t max_windows_per_take) {
  const WindowPlan plan = make_plan(dataset, config, split, 0, false);
  TakeCache cache(dataset, config.cache_mb * kMegabyte, config.features != "waveform");
  std::vector<Window> chosen;
  std::map<std::size_t, std::int64_t> per_take;
  for (std::int64_t position = 0; position < plan.epoch_samples(); ++position) {
    const Window window = plan.window(0, position, {});
    if (max_windows_per_take <= 0 || per_take[window.take]++ < max_windows_per_take) {
      chosen.push_back(window);
    }
  }
  std::vector<Batch> batches;
  const std::int64_t total = std::ssize(chosen);
  for (std::int64_t first = 0; first < total; first += config.batch_size) {
    Batch batch = make_batch(std::min(config.batch_size, total - first), config.frames, config.features);
    for (std::int64_t row = 0; row < batch.size; ++row) {
      const Window& window = chosen[static_cast<std::size_t>(first + row)];
      fill_row(batch, row, *cache.get(plan.takes()[window.take]), window, 0, first + row, false);
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace stgmamba::data
