// SPDX-License-Identifier: MIT
#include "stgmamba/data/film.hpp"

#include <algorithm>

#include "stgmamba/media/flow.hpp"
#include "stgmamba/skeleton/pose_map.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

#include "data/epoch_order.hpp"
#include "data/film_cache.hpp"
#include "data/film_windows.hpp"
#include "data/recolour.hpp"

namespace stgmamba::data {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

/// One picture of planes [3, H, W].
media::Image image_of(const std::uint8_t* planes, std::int64_t size) {
  media::Image image(static_cast<int>(size), static_cast<int>(size));
  const std::int64_t plane = size * size;
  for (std::int64_t at = 0; at < plane; ++at) {
    for (std::int64_t c = 0; c < 3; ++c) {
      image.pixels[static_cast<std::size_t>(at * 3 + c)] = planes[c * plane + at];
    }
  }
  return image;
}

/// Limbs that are left out of one frame's map: a function of (seed, sample, frame).
std::uint32_t hidden_limbs(double drop, std::uint64_t seed, std::int64_t sample, std::int64_t frame) {
  std::uint32_t hidden = 0;
  if (drop > 0) {
    util::Random random(seed, "film.drop", static_cast<std::uint64_t>(sample), static_cast<std::uint64_t>(frame));
    for (int limb = 0; limb < skeleton::kPoseLimbs; ++limb) {
      hidden |= random.chance(drop) ? 1U << static_cast<unsigned>(limb) : 0U;
    }
  }
  return hidden;
}

class FilmSource : public BatchSource {
 public:
  FilmSource(const Dataset& dataset, const DataConfig& config, const FilmConfig& film, FilmWindows windows,
             std::uint64_t seed, bool train)
      : config_(config),
        film_(film),
        windows_(std::move(windows)),
        cache_(dataset, film.size, config.cache_mb * kMegabyte),
        seed_(seed),
        train_(train) {
    cache_.require(windows_.takes());  // said before a run begins and not in the middle of it
    const std::int64_t samples = windows_.epoch_samples(), size = config_.batch_size;
    batches_ = train_ ? samples / size : (samples + size - 1) / size;
  }

  std::int64_t batches_per_epoch() const override { return batches_; }

  Batch make(std::int64_t step) override {
    STG_CHECK(step >= 0 && (train_ || step < batches_), "[film_source] step {} of {}", step, batches_);
    const std::int64_t epoch = step / batches_, first = step % batches_ * config_.batch_size;
    Batch batch = room_for(std::min(config_.batch_size, windows_.epoch_samples() - first));
    const EpochOrder::Order order = order_.of(epoch);
    for (std::int64_t row = 0; row < batch.size; ++row) {
      fill(batch, row, windows_.window(epoch, first + row, *order), epoch * windows_.epoch_samples() + first + row);
    }
    return batch;
  }

 private:
  std::size_t plane() const { return static_cast<std::size_t>(film_.size * film_.size); }

  Batch room_for(std::int64_t size) const {
    Batch batch;
    batch.size = size;
    batch.frames = config_.frames;
    const auto rows = static_cast<std::size_t>(size), frames = static_cast<std::size_t>(config_.frames);
    Pictures& pictures = batch.pictures;
    pictures.size = film_.size;
    pictures.channels = skeleton::pose_map_channels(skeleton::pose_map_kind(film_.pose_map));
    pictures.frames.resize(rows * (frames + 1) * 3 * plane());
    pictures.poses.resize(rows * frames * static_cast<std::size_t>(pictures.channels) * plane());
    pictures.joints.resize(rows * (frames + 1) * skeleton::kJoints * 3);
    if (film_.flow) {
      pictures.flow.resize(rows * (frames - 1) * 2 * plane());
      pictures.back.resize(pictures.flow.size());
    }
    batch.style.resize(rows);
    batch.sample.resize(rows);
    batch.take.resize(rows);
    batch.source.resize(rows);
    batch.start.resize(rows);
    return batch;
  }

  void fill(Batch& batch, std::int64_t row, const FilmWindow& window, std::int64_t sample) {
    const auto at = static_cast<std::size_t>(row);
    const TakeInfo& info = windows_.takes()[window.take];
    FilmCut cut = cache_.cut(info, window.frames);
    if (train_ && film_.recolour > 0) {
      util::Random random(seed_, "film.recolour", static_cast<std::uint64_t>(sample));
      if (random.chance(film_.recolour)) {
        recolour(cut.pixels, plane(), random);
      }
    }
    std::copy(cut.pixels.begin(), cut.pixels.end(), batch.pictures.frames.begin() + row * std::ssize(cut.pixels));
    draw_poses(batch, row, info, cut.motion, sample);
    if (film_.flow) {
      find_flow(batch.pictures, row, cut.pixels);
    }
    const auto style = std::find(kStyles.begin(), kStyles.end(), info.style);
    batch.style[at] = style - kStyles.begin();
    batch.sample[at] = sample;
    batch.take[at] = info.id;
    batch.source[at] = info.source;
    batch.start[at] = static_cast<double>(window.frames[1]) / info.fps;
  }

  void draw_poses(Batch& batch, std::int64_t row, const TakeInfo& info, const skeleton::Motion& motion,
                  std::int64_t sample) const {
    const int size = static_cast<int>(film_.size);
    const skeleton::Placement place = placement(info.framing, size, size);
    skeleton::PoseMapStyle style{skeleton::pose_map_kind(film_.pose_map), size, size};
    for (std::int64_t f = 0; f <= config_.frames; ++f) {
      const std::vector<float> joints = skeleton::picture_joints(motion, f, place);  // [V, 3]
      std::copy(joints.begin(), joints.end(),
                batch.pictures.joints.begin() + (row * (config_.frames + 1) + f) * std::ssize(joints));
    }
    for (std::int64_t f = 0; f < config_.frames; ++f) {
      style.hidden = hidden_limbs(train_ ? film_.drop : 0.0, seed_, sample, f);
      const std::vector<std::uint8_t> map = skeleton::pose_map(motion, f + 1, place, style);  // [P, H, W]
      std::copy(map.begin(), map.end(), batch.pictures.poses.begin() + (row * config_.frames + f) * std::ssize(map));
    }
  }

  void find_flow(Pictures& pictures, std::int64_t row, const std::vector<std::uint8_t>& pixels) const {
    const auto picture = [&](std::int64_t i) {
      return image_of(pixels.data() + static_cast<std::size_t>(i) * 3 * plane(), film_.size);
    };
    media::Image previous = picture(1);
    for (std::int64_t i = 2; i <= config_.frames; ++i) {
      media::Image current = picture(i);
      const std::int64_t at = (row * (config_.frames - 1) + i - 2) * 2 * static_cast<std::int64_t>(plane());
      const std::vector<float> flow = media::optical_flow(current, previous);
      const std::vector<float> back = media::optical_flow(previous, current);
      std::copy(flow.begin(), flow.end(), pictures.flow.begin() + at);
      std::copy(back.begin(), back.end(), pictures.back.begin() + at);
      previous = std::move(current);
    }
  }

  const DataConfig config_;
  const FilmConfig film_;
  const FilmWindows windows_;
  FilmCache cache_;
  const std::uint64_t seed_;
  const bool train_;
  std::int64_t batches_ = 0;
  EpochOrder order_{[this](std::int64_t epoch) { return windows_.order(epoch); }};
};

std::unique_ptr<BatchSource> checked(const Dataset& dataset, const DataConfig& config, const FilmConfig& film,
                                     const std::string& split, FilmWindows windows, std::uint64_t seed, bool train) {
  if (windows.takes().empty()) {
    throw DataError(
        "{}: split '{}' must hold takes of the chosen styles with a video of {} frames or more, got none; make some "
        "with "
        "`stg_data synth --preset video`, or bring yours (docs/video.md)",
        dataset.folder().string(), split, config.frames + 1);
  }
  return std::make_unique<FilmSource>(dataset, config, film, std::move(windows), seed, train);
}

}  // namespace

void read(config::Section section, FilmConfig& config) {
  section.read("size", config.size, {.min = 16, .max = 2048});
  section.read("cond_frame", config.cond_frame, {"first", "random"});
  section.read("spacing", config.spacing, {.min = 1, .max = 1000});
  section.read("pose_map", config.pose_map, {"rgb", "onehot"});
  section.read("drop", config.drop, {.min = 0, .below = 1});
  section.read("recolour", config.recolour, {.min = 0, .max = 1});
}

std::unique_ptr<BatchSource> film_source(const Dataset& dataset, const DataConfig& config, const FilmConfig& film,
                                         const std::string& split, std::uint64_t seed) {
  return checked(dataset, config, film, split, FilmWindows(dataset.split(split, config.styles), config, film, seed),
                 seed, true);
}

std::unique_ptr<BatchSource> film_evaluation(const Dataset& dataset, const DataConfig& config, const FilmConfig& film,
                                             const std::string& split, std::int64_t windows_per_take) {
  return checked(dataset, config, film, split,
                 FilmWindows(dataset.split(split, config.styles), config, windows_per_take), 0, false);
}

}  // namespace stgmamba::data
