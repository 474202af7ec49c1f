// SPDX-License-Identifier: MIT
// Figures 1, 10 and 11 of the paper: strips of frames beside each other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/eval/video_method.hpp"
#include "stgmamba/media/canvas.hpp"

namespace stgmamba::eval {

/// A row of a figure.
struct PictureStrip {
  std::string label;
  std::vector<media::Image> pictures;
};

/// Strips under each other, labels at the left, pictures `side` units wide, all of one aspect.
media::Canvas draw_picture_strips(const std::vector<PictureStrip>& strips, double side = 96.0);

/// Fig. 10: who is in the data. A picture of each of up to `rows` * `columns` people, and where there are fewer people,
/// further clips of them.
std::vector<PictureStrip> example_strips(const VideoBed& bed, std::int64_t rows, std::int64_t columns);

/// Fig. 11: one clip by every method. The poses, then the true frames, then a strip a method; `columns` frames, evenly
/// spaced.
std::vector<PictureStrip> comparison_strips(const VideoBed& bed, std::size_t place,
                                            const std::vector<VideoMethod>& methods, std::int64_t columns);

/// Fig. 1: one dance, several people. The poses of a clip, then a strip for each of up to `people` photos, which stands
/// first.
std::vector<PictureStrip> people_strips(const VideoBed& bed, std::size_t place, const VideoMethod& method,
                                        std::int64_t people, std::int64_t columns);

}  // namespace stgmamba::eval
