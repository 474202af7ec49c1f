// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include "stgmamba/data/loader.hpp"
#include "stgmamba/util/check.hpp"

#include "data/epoch_order.hpp"
#include "data/windows.hpp"

namespace stgmamba::data {
namespace {

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

class MusicSource : public BatchSource {
 public:
  MusicSource(const Dataset& dataset, const DataConfig& config, const std::string& split, std::uint64_t seed,
              bool train)
      : config_(config),
        seed_(seed),
        train_(train),
        plan_(make_plan(dataset, config, split, seed, train)),
        cache_(dataset, config.cache_mb * kMegabyte, config.features != "waveform") {
    const std::int64_t samples = plan_.epoch_samples();
    STG_CHECK(!train || samples >= config.batch_size, "[Loader] an epoch of {} windows has no batch of {}", samples,
              config.batch_size);
    batches_ = train ? samples / config.batch_size : (samples + config.batch_size - 1) / config.batch_size;
  }

  std::int64_t batches_per_epoch() const override { return batches_; }

  Batch make(std::int64_t step) override {
    STG_CHECK(step >= 0, "[Loader] a step must not be negative, got {}", step);
    const std::int64_t epoch = step / batches_, first = step % batches_ * config_.batch_size;
    const std::int64_t size = std::min(config_.batch_size, plan_.epoch_samples() - first);
    const EpochOrder::Order places = order_.of(epoch);
    Batch batch = make_batch(size, config_.frames, config_.features);
    for (std::int64_t row = 0; row < size; ++row) {
      const Window window = plan_.window(epoch, first + row, *places);
      const auto take = cache_.get(plan_.takes()[window.take]);
      fill_row(batch, row, *take, window, seed_, epoch * plan_.epoch_samples() + first + row, train_);
    }
    return batch;
  }

 private:
  const DataConfig config_;
  const std::uint64_t seed_;
  const bool train_;
  const WindowPlan plan_;
  TakeCache cache_;
  std::int64_t batches_ = 0;
  EpochOrder order_{[this](std::int64_t epoch) { return plan_.order(epoch); }};
};

}  // namespace

std::unique_ptr<BatchSource> music_source(const Dataset& dataset, const DataConfig& config, const std::string& split,
                                          std::uint64_t seed, bool train) {
  return std::make_unique<MusicSource>(dataset, config, split, seed, train);
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
