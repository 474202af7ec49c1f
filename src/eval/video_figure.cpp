// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_figure.hpp"

#include <algorithm>
#include <set>

#include <torch/torch.h>

#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::eval {

namespace {

using image_metrics::to_picture;
using media::Image;

constexpr double kGap = 3.0, kLabelSize = 11.0, kMargin = 6.0;

/// `columns` of `frames` frames, evenly spaced, the first and the last among them.
std::vector<std::int64_t> evenly(std::int64_t frames, std::int64_t columns) {
  std::vector<std::int64_t> chosen;
  const std::int64_t count = std::min(frames, columns);
  for (std::int64_t i = 0; i < count; ++i) {
    chosen.push_back(count == 1 ? 0 : i * (frames - 1) / (count - 1));
  }
  return chosen;
}

std::vector<Image> pictures_of(const at::Tensor& frames, const std::vector<std::int64_t>& chosen) {
  std::vector<Image> pictures;
  for (const std::int64_t frame : chosen) {
    pictures.push_back(to_picture(frames[frame]));
  }
  return pictures;
}

PictureStrip pose_strip(const VideoClip& clip, const std::vector<std::int64_t>& chosen) {
  return {"skeleton", pictures_of(pose_maps(clip, skeleton::PoseMapKind::kRgb), chosen)};
}

/// A picture at the left of a strip; what has none gets an empty field.
void put_first(PictureStrip& strip, const Image& picture) {
  strip.pictures.insert(strip.pictures.begin(), picture);
}

/// The first place of every person, in the order of the test set.
std::vector<std::size_t> first_places(const VideoBed& bed) {
  std::vector<std::size_t> found;
  std::set<std::size_t> seen;
  for (std::size_t place = 0; place < bed.places().size(); ++place) {
    if (seen.insert(bed.places()[place].person).second) {
      found.push_back(place);
    }
  }
  return found;
}

}  // namespace

media::Canvas draw_picture_strips(const std::vector<PictureStrip>& strips, double side) {
  STG_CHECK(!strips.empty() && !strips[0].pictures.empty(), "[draw_picture_strips] needs a strip with a picture");
  const media::Font font{.size = kLabelSize};
  std::size_t columns = 0;
  double labels = 0.0;
  const media::Canvas ruler(1, 1);
  for (const PictureStrip& strip : strips) {
    columns = std::max(columns, strip.pictures.size());
    labels = std::max(labels, ruler.text_width(strip.label, font));
  }
  const Image& first = strips[0].pictures[0];
  const double height = side * first.height / first.width;
  const double left = kMargin + (labels > 0 ? labels + kMargin : 0.0);
  media::Canvas canvas(left + static_cast<double>(columns) * (side + kGap) - kGap + kMargin,
                       2 * kMargin + static_cast<double>(strips.size()) * (height + kGap) - kGap);
  for (std::size_t row = 0; row < strips.size(); ++row) {
    const double top = kMargin + static_cast<double>(row) * (height + kGap);
    canvas.text({kMargin, top + height / 2 + kLabelSize / 3}, strips[row].label, font);
    for (std::size_t column = 0; column < strips[row].pictures.size(); ++column) {
      canvas.picture(strips[row].pictures[column],
                     {left + static_cast<double>(column) * (side + kGap), top, side, height});
    }
  }
  return canvas;
}

std::vector<PictureStrip> example_strips(const VideoBed& bed, std::int64_t rows, std::int64_t columns) {
  std::vector<std::size_t> places = first_places(bed);
  for (std::size_t place = 0; place < bed.places().size(); ++place) {
    if (std::find(places.begin(), places.end(), place) == places.end()) {
      places.push_back(place);
    }
  }
  std::vector<PictureStrip> strips;
  for (std::int64_t i = 0; i < std::min(rows * columns, std::ssize(places)); ++i) {
    if (i % columns == 0) {
      strips.emplace_back();
    }
    const VideoClip clip = bed.clip(places[static_cast<std::size_t>(i)]);
    strips.back().pictures.push_back(to_picture(clip.truth[clip.truth.size(0) / 2]));
  }
  return strips;
}

std::vector<PictureStrip> comparison_strips(const VideoBed& bed, std::size_t place,
                                            const std::vector<VideoMethod>& methods, std::int64_t columns) {
  const VideoClip clip = bed.clip(place);
  const std::vector<std::int64_t> chosen = evenly(clip.truth.size(0), columns);
  std::vector<PictureStrip> strips = {pose_strip(clip, chosen), {"real", pictures_of(clip.truth, chosen)}};
  for (const VideoMethod& method : methods) {
    strips.push_back({method.label, pictures_of(method.frames(clip), chosen)});
  }
  return strips;
}

std::vector<PictureStrip> people_strips(const VideoBed& bed, std::size_t place, const VideoMethod& method,
                                        std::int64_t people, std::int64_t columns) {
  const VideoClip clip = bed.clip(place);
  const std::vector<std::int64_t> chosen = evenly(clip.truth.size(0), columns);
  std::vector<PictureStrip> strips = {pose_strip(clip, chosen)};
  const Image& shape = strips[0].pictures[0];
  put_first(strips[0], Image(shape.width, shape.height, {255, 255, 255}));
  for (const std::size_t other : first_places(bed)) {
    if (std::ssize(strips) > people) {
      break;
    }
    const VideoClip theirs = with_photo_of(clip, bed.clip(other));
    strips.push_back({theirs.person, pictures_of(method.frames(theirs), chosen)});
    put_first(strips.back(), to_picture(theirs.photo));
  }
  return strips;
}

}  // namespace stgmamba::eval
