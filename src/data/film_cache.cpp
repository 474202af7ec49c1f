// SPDX-License-Identifier: MIT
#include "data/film_cache.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

#include "data/film_pictures.hpp"
#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

/// Interleaved pixels to planes, [3, size, size].
void copy_planes(const media::Image& image, std::int64_t size, std::uint8_t* to) {
  const int side = static_cast<int>(size);
  const bool same = image.width == side && image.height == side;
  const media::Image small = same ? media::Image() : media::resize(image, side, side);
  const std::uint8_t* from = (same ? image : small).pixels.data();
  const std::int64_t plane = size * size;
  for (std::int64_t at = 0; at < plane; ++at) {
    for (std::int64_t c = 0; c < 3; ++c) {
      to[c * plane + at] = from[at * 3 + c];
    }
  }
}

/// Frames of a motion in any order.
skeleton::Motion pick(const skeleton::Motion& motion, const std::vector<std::int64_t>& frames) {
  skeleton::Motion out(std::ssize(frames), motion.fps);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto joints = static_cast<std::size_t>(skeleton::kJoints);
    const auto from = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(frames[i]) * joints);
    const auto to = static_cast<std::ptrdiff_t>(i * joints);
    std::copy_n(motion.xy.begin() + 2 * from, 2 * joints, out.xy.begin() + 2 * to);
    std::copy_n(motion.score.begin() + from, joints, out.score.begin() + to);
  }
  return out;
}

}  // namespace

std::int64_t FilmCache::Film::bytes() const {
  return static_cast<std::int64_t>(pixels.size() + (motion.xy.size() + motion.score.size()) * sizeof(float) +
                                   sizeof(Film));
}

FilmCache::FilmCache(const Dataset& dataset, std::int64_t size, std::int64_t limit_bytes)
    : dataset_(dataset), size_(size), limit_(limit_bytes), cache_(limit_bytes) {}

void FilmCache::check(const TakeInfo& info, const skeleton::Motion& motion) const {
  if (motion.frames() != info.frames) {
    throw DataError("take '{}' of {}: {} poses, the index says {}; {}", info.id, dataset_.folder().string(),
                    motion.frames(), info.frames, kCheckFolder);
  }
}

void FilmCache::require(const std::vector<TakeInfo>& takes) const {
  for (const TakeInfo& info : takes) {
    require_pictures(dataset_.folder() / kClipsFolder / info.id, info);
  }
}

FilmCut FilmCache::read(const TakeInfo& info, const std::vector<std::int64_t>& frames) const {
  const fs::path clip = dataset_.folder() / kClipsFolder / info.id;
  skeleton::Motion motion = skeleton::read_motion_npz(clip / kPoseFile);
  check(info, motion);
  FilmCut cut;
  cut.motion = pick(motion, frames);
  cut.pixels.resize(frames.size() * picture_bytes());
  std::multimap<std::int64_t, std::size_t> places;  // a frame may be asked for twice: as condition and as target
  for (std::size_t i = 0; i < frames.size(); ++i) {
    places.emplace(frames[i], i);
  }
  for_pictures(clip, info, {frames.begin(), frames.end()}, [&](std::int64_t frame, const media::Image& image) {
    const auto [first, last] = places.equal_range(frame);
    for (auto place = first; place != last; ++place) {
      copy_planes(image, size_, cut.pixels.data() + place->second * picture_bytes());
    }
  });
  return cut;
}

FilmCut FilmCache::cut(const TakeInfo& info, const std::vector<std::int64_t>& frames) {
  if (static_cast<std::int64_t>(picture_bytes()) * info.frames > limit_ / 2) {
    return read(info, frames);
  }
  const auto film = cache_.get(info.id, [&] {
    std::vector<std::int64_t> all(static_cast<std::size_t>(info.frames));
    std::iota(all.begin(), all.end(), std::int64_t{0});
    FilmCut whole = read(info, all);
    auto made = std::make_shared<Film>();
    made->motion = std::move(whole.motion);
    made->pixels = std::move(whole.pixels);
    return std::shared_ptr<const Film>(std::move(made));
  });
  FilmCut cut;
  cut.motion = pick(film->motion, frames);
  cut.pixels.resize(frames.size() * picture_bytes());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    std::copy_n(film->pixels.data() + static_cast<std::size_t>(frames[i]) * picture_bytes(), picture_bytes(),
                cut.pixels.data() + i * picture_bytes());
  }
  return cut;
}

FilmReader::FilmReader(const Dataset& dataset, std::int64_t size, std::int64_t limit_bytes)
    : cache_(std::make_unique<FilmCache>(dataset, size, limit_bytes)) {}
FilmReader::~FilmReader() = default;
FilmReader::FilmReader(FilmReader&& other) noexcept = default;
FilmReader& FilmReader::operator=(FilmReader&& other) noexcept = default;

FilmCut FilmReader::cut(const TakeInfo& take, const std::vector<std::int64_t>& frames) const {
  return cache_->cut(take, frames);
}

}  // namespace stgmamba::data
