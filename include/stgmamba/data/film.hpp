// SPDX-License-Identifier: MIT
// Filmed dances for skeleton-to-video networks: windows of pictures with their pose maps, as pure functions of (seed,
// epoch, index).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/config/section.hpp"
#include "stgmamba/data/dataset.hpp"
#include "stgmamba/data/loader.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::data {

/// Further keys of section `data`, beside DataConfig's: `frames` is F, the pictures a window asks for.
struct FilmConfig {
  std::int64_t size = 256;            // side of the pictures, pixels [paper]
  std::string cond_frame = "random";  // I_0: first, the window's; random, any of the same take (not in the paper)
  std::int64_t spacing = 4;           // a window's frames lie 1 to so many frames of the take apart (vid2vid)
  std::string pose_map = "rgb";       // rgb | onehot (skeleton/pose_map.hpp)
  double drop = 0.0;                  // probability with which a limb is left out of a training map
  double recolour = 0.0;              // probability with which a training window is shown in other colours
  bool flow = false;                  // also the optical flow between neighbours; belongs to the caller, no key
};
void read(config::Section section, FilmConfig& config);

/// Some frames of a take, in the order asked for.
struct FilmCut {
  std::vector<std::uint8_t> pixels;  // [n, 3, size, size]
  skeleton::Motion motion;           // n frames, in the pose's pixels; missing joints stay missing
};

class FilmCache;

/// Pictures of takes (a video, or a folder of pictures), decoded and resized once and kept while there is room.
class FilmReader {
 public:
  FilmReader(const Dataset& dataset, std::int64_t size, std::int64_t limit_bytes);
  ~FilmReader();
  FilmReader(FilmReader&& other) noexcept;
  FilmReader& operator=(FilmReader&& other) noexcept;
  /// Throws DataError where the pictures do not fit the index.
  FilmCut cut(const TakeInfo& take, const std::vector<std::int64_t>& frames) const;

 private:
  std::unique_ptr<FilmCache> cache_;
};

/// Training windows of a split: one a 5 s of film and epoch (or data.epoch_samples), somewhere in it. Takes without a
/// video, or too short, are left out and counted on the log. Throws DataError when none is left.
std::unique_ptr<BatchSource> film_source(const Dataset& dataset, const DataConfig& config, const FilmConfig& film,
                                         const std::string& split, std::uint64_t seed);

/// Evaluation windows: up to `windows_per_take` (0: all) consecutive, non-overlapping stretches of every take, evenly
/// chosen; I_0 is the take's first frame. One epoch, made when asked for: make(0) to make(batches_per_epoch() - 1).
std::unique_ptr<BatchSource> film_evaluation(const Dataset& dataset, const DataConfig& config, const FilmConfig& film,
                                             const std::string& split, std::int64_t windows_per_take);

}  // namespace stgmamba::data
