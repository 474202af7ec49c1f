// SPDX-License-Identifier: MIT
// Batches as a pure function of (seed, epoch, index): threads only decide when, never what.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/config/section.hpp"
#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/dataset.hpp"

namespace stgmamba::data {

/// Augmentation of stg-mamba.md section 1 "Objective"; every part off at 0.
struct AugmentConfig {
  bool offset = true;         // windows at any sample offset of whole takes (false: the first frames of equal cuts)
  double gain_db = 6.0;       // audio gain, uniform in +-gain_db
  double equaliser_db = 6.0;  // random shelving, uniform in +-dB
  double noise = 0.005;       // additive noise, rms up to
  double stretch = 0.08;      // joint time stretch of audio and motion by up to this share
  double mirror = 0.5;        // probability of left-right mirroring

  bool operator==(const AugmentConfig&) const = default;
};

struct DataConfig {
  std::string root;                 // dataset folder
  std::vector<std::string> styles;  // empty: all
  std::int64_t frames = 50;         // F, per window
  std::int64_t batch_size = 16;
  std::int64_t epoch_samples = 0;  // windows per epoch; 0: one per 5 s of training material
  int workers = 2;
  int prefetch = 4;              // batches held ready
  std::int64_t cache_mb = 2048;  // decoded takes kept in memory
  AugmentConfig augment;

  std::string beats = "auto";         // auto: the corpus's true beats, else tracked ones; truth; tracker
  std::string features = "waveform";  // what the model hears (model.music.features), beside samples; not read here
};
void read(config::Section section, DataConfig& config);

/// Where batches come from. A batch is a pure function of the step it is for.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual std::int64_t batches_per_epoch() const = 0;
  virtual Batch make(std::int64_t step) = 0;  // called by several threads at once
};

/// Windows of sound and pose of a split; training drops what does not fill a batch.
std::unique_ptr<BatchSource> music_source(const Dataset& dataset, const DataConfig& config, const std::string& split,
                                          std::uint64_t seed, bool train);

/// Makes batches ahead of time, in threads, and hands them out in order.
class Loader {
 public:
  /// `workers` 0: batches are made when they are asked for; `prefetch`: batches held ready.
  Loader(std::unique_ptr<BatchSource> source, int workers, int prefetch);
  Loader(const Dataset& dataset, const DataConfig& config, const std::string& split, std::uint64_t seed, bool train);
  ~Loader();
  std::int64_t batches_per_epoch() const;
  /// Starts delivering at a global step; any step may follow any other (resume).
  void start(std::int64_t step);
  Batch next();                   // the batch of the current step; blocks; rethrows a worker's error
  double seconds_waited() const;  // since construction
  /// The batch of one step, made in the calling thread: what next() returns, for tests.
  Batch at(std::int64_t step) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Evaluation windows: consecutive, unaugmented, non-overlapping windows of every take of a split.
std::vector<Batch> evaluation_batches(const Dataset& dataset, const DataConfig& config, const std::string& split,
                                      std::int64_t max_windows_per_take = -1);

}  // namespace stgmamba::data
