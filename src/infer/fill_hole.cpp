// SPDX-License-Identifier: MIT
#include "infer/fill_hole.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace stgmamba::infer {
namespace {

constexpr int kRadius = 3;           // patches of 7x7
constexpr int kFinest = 256;         // pixels of the longer side at which patches are searched
constexpr double kThinHole = 3.0;    // pixels: no coarser level is needed
constexpr int kRounds = 4;           // of search and vote a level
constexpr float kSharpness = 0.5F;   // votes weigh exp(-distance / (sharpness * median))
constexpr float kFaith = 0.85F;      // a vote's weight falls by this for every pixel from the hole's edge
constexpr float kNear = 150000.0F;   // cost of copying from as far as the picture is large ...
constexpr float kLevel = 6.0F;       // ... and so many times that up or down: floors and walls lie level
constexpr float kLikely = 0.5F;      // cost of a copy whose mean colour is not what the hole's edge suggests there
constexpr double kMostShift = 40.0;  // brightness levels that the blending at the edge may add

/// One level: the picture, what is to fill, and for every pixel to fill the centre of the patch it copies.
struct Level {
  cv::Mat rgb, hole, source;      // 8 bit
  cv::Mat usable;                 // centres whose whole patch is source
  std::vector<cv::Point> pixels;  // of the hole, row by row
  cv::Mat nearest;                // CV_32SC2
  cv::Mat distance;               // CV_32F
  cv::Mat depth;                  // CV_32F, px from the hole's edge
  cv::Mat mean, expected;         // CV_32FC3: of every source patch; the edge's colours carried into the hole
};

/// Every hole pixel takes the colour of the source pixel nearest to it, then is smoothed.
void fill_from_nearest(Level& level) {
  cv::Mat empty, distance, labels;
  cv::compare(level.source, 0, empty, cv::CMP_EQ);
  cv::distanceTransform(empty, distance, labels, cv::DIST_L2, cv::DIST_MASK_5, cv::DIST_LABEL_PIXEL);
  double most = 0;
  cv::minMaxLoc(labels, nullptr, &most);
  std::vector<cv::Vec3b> colour(static_cast<std::size_t>(most) + 1);
  for (int y = 0; y < labels.rows; ++y) {
    for (int x = 0; x < labels.cols; ++x) {
      if (level.source.at<std::uint8_t>(y, x) != 0) {
        colour[static_cast<std::size_t>(labels.at<int>(y, x))] = level.rgb.at<cv::Vec3b>(y, x);
      }
    }
  }
  for (const cv::Point& p : level.pixels) {
    level.rgb.at<cv::Vec3b>(p) = colour[static_cast<std::size_t>(labels.at<int>(p))];
  }
  cv::Mat smooth;
  cv::blur(level.rgb, smooth, {5, 5});
  smooth.copyTo(level.rgb, level.hole);
}

/// A value known where `weight` is 1, carried smoothly to everywhere else (push and pull over a pyramid).
cv::Mat spread(const cv::Mat& value, const cv::Mat& weight) {
  if (std::min(value.cols, value.rows) <= 2) {
    return cv::Mat(value.size(), value.type(), cv::mean(value, weight > 0.0F));
  }
  const cv::Size half((value.cols + 1) / 2, (value.rows + 1) / 2);
  std::vector<cv::Mat> channels;
  cv::split(value, channels);
  cv::Mat small_weight;
  cv::resize(weight, small_weight, half, 0, 0, cv::INTER_AREA);
  for (cv::Mat& channel : channels) {
    cv::Mat small;
    cv::resize(channel.mul(weight), small, half, 0, 0, cv::INTER_AREA);
    channel = small / cv::max(small_weight, 1e-6);
  }
  cv::Mat small, out;
  cv::merge(channels, small);
  cv::Mat known;
  cv::threshold(small_weight, known, 0.0, 1.0, cv::THRESH_BINARY);
  cv::resize(spread(small, known), out, value.size(), 0, 0, cv::INTER_LINEAR);
  cv::blur(out, out, {3, 3});
  value.copyTo(out, weight > 0.0F);
  return out;
}

Level make_level(const cv::Mat& rgb, const cv::Mat& hole, const cv::Mat& source) {
  Level level;
  level.rgb = rgb.clone();
  level.hole = hole.clone();
  level.source = source.clone();
  level.source.setTo(0, hole);
  const cv::Mat square = cv::getStructuringElement(cv::MORPH_RECT, {2 * kRadius + 1, 2 * kRadius + 1});
  cv::erode(level.source, level.usable, square, {-1, -1}, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
  cv::findNonZero(hole, level.pixels);
  level.nearest = cv::Mat(rgb.size(), CV_32SC2, cv::Scalar(-1, -1));
  level.distance = cv::Mat(rgb.size(), CV_32F, cv::Scalar(INFINITY));
  cv::distanceTransform(hole, level.depth, cv::DIST_L2, 3);
  cv::Mat values, known;
  rgb.convertTo(values, CV_32FC3);
  level.source.convertTo(known, CV_32F, 1.0 / 255.0);
  level.expected = spread(values, known);
  cv::blur(level.expected, level.expected, {2 * kRadius + 1, 2 * kRadius + 1});
  cv::blur(values, level.mean, {2 * kRadius + 1, 2 * kRadius + 1});
  return level;
}

/// Sum of squared differences of the patches around `at` and `from`, and the way between; given up beyond `limit`.
float patch_distance(const Level& level, cv::Point at, cv::Point from, float limit) {
  const cv::Rect inside(0, 0, level.rgb.cols, level.rgb.rows);
  const float across = static_cast<float>(from.x - at.x) / static_cast<float>(inside.width);
  const float down = static_cast<float>(from.y - at.y) / static_cast<float>(inside.height);
  constexpr auto kPixels = static_cast<float>((2 * kRadius + 1) * (2 * kRadius + 1));
  const cv::Vec3f surprise = level.mean.at<cv::Vec3f>(from) - level.expected.at<cv::Vec3f>(at);
  float sum = kNear * (across * across + kLevel * down * down) + kLikely * kPixels * surprise.dot(surprise);
  for (int dy = -kRadius; dy <= kRadius && sum < limit; ++dy) {
    if (at.y + dy < 0 || at.y + dy >= inside.height) {
      continue;
    }
    const auto* a = level.rgb.ptr<cv::Vec3b>(at.y + dy);
    const auto* b = level.rgb.ptr<cv::Vec3b>(from.y + dy);
    const int first = std::max(-kRadius, -at.x), last = std::min(kRadius, inside.width - 1 - at.x);
    int row = 0;
    for (int dx = first; dx <= last; ++dx) {
      for (int c = 0; c < 3; ++c) {
        const int difference = a[at.x + dx][c] - b[from.x + dx][c];
        row += difference * difference;
      }
    }
    sum += static_cast<float>(row);
  }
  return sum;
}

class Search {
 public:
  Search(Level& level, unsigned seed) : level_(level), random_(seed) { cv::findNonZero(level.usable, centres_); }
  bool possible() const { return !centres_.empty(); }

  void start_randomly() {
    for (const cv::Point& p : level_.pixels) {
      if (level_.nearest.at<cv::Vec2i>(p)[0] < 0) {
        offer(p, centres_[random_() % centres_.size()]);
      }
    }
  }

  /// Distances again, after the picture has changed.
  void measure() {
    for (const cv::Point& p : level_.pixels) {
      const cv::Point from(level_.nearest.at<cv::Vec2i>(p));
      level_.distance.at<float>(p) = patch_distance(level_, p, from, INFINITY);
    }
  }

  void sweep(bool forward) {
    const int step = forward ? -1 : 1;
    const auto count = level_.pixels.size();
    for (std::size_t i = 0; i < count; ++i) {
      const cv::Point p = level_.pixels[forward ? i : count - 1 - i];
      for (const cv::Point side : {cv::Point(step, 0), cv::Point(0, step)}) {
        const cv::Point q = p + side;
        if (inside(q) && level_.hole.at<std::uint8_t>(q) != 0) {
          offer(p, cv::Point(level_.nearest.at<cv::Vec2i>(q)) - side);
        }
      }
      for (int reach = std::max(level_.rgb.cols, level_.rgb.rows); reach >= 1; reach /= 2) {
        const cv::Point from(level_.nearest.at<cv::Vec2i>(p));
        offer(p, from + cv::Point(jump(reach), jump(reach)));
      }
    }
  }

 private:
  bool inside(cv::Point p) const { return p.x >= 0 && p.y >= 0 && p.x < level_.rgb.cols && p.y < level_.rgb.rows; }
  int jump(int reach) { return static_cast<int>(random_() % static_cast<unsigned>(2 * reach + 1)) - reach; }

  void offer(cv::Point p, cv::Point from) {
    if (!inside(from) || level_.usable.at<std::uint8_t>(from) == 0) {
      return;
    }
    auto& best = level_.distance.at<float>(p);
    const float distance = patch_distance(level_, p, from, best);
    if (distance < best) {
      best = distance;
      level_.nearest.at<cv::Vec2i>(p) = {from.x, from.y};
    }
  }

  Level& level_;
  std::minstd_rand random_;
  std::vector<cv::Point> centres_;
};

/// Every hole pixel becomes the mean of what the patches that cover it say, the better ones first.
void vote(Level& level) {
  std::vector<float> distances;
  for (const cv::Point& p : level.pixels) {
    distances.push_back(level.distance.at<float>(p));
  }
  const auto middle = distances.begin() + std::ssize(distances) / 2;
  std::nth_element(distances.begin(), middle, distances.end());
  const float scale = kSharpness * std::max(1.0F, *middle);
  cv::Mat sum(level.rgb.size(), CV_32FC4, cv::Scalar::all(0));
  const cv::Rect whole(0, 0, level.rgb.cols, level.rgb.rows);
  for (const cv::Point& p : level.pixels) {
    const cv::Point from(level.nearest.at<cv::Vec2i>(p));
    const float weight =
        std::exp(-std::min(60.0F, level.distance.at<float>(p) / scale)) * std::pow(kFaith, level.depth.at<float>(p)) +
        1e-9F;
    for (int dy = -kRadius; dy <= kRadius; ++dy) {
      for (int dx = -kRadius; dx <= kRadius; ++dx) {
        const cv::Point to = p + cv::Point(dx, dy);
        if (whole.contains(to)) {
          const cv::Vec3b& c = level.rgb.at<cv::Vec3b>(from + cv::Point(dx, dy));
          sum.at<cv::Vec4f>(to) += weight * cv::Vec4f(c[0], c[1], c[2], 1.0F);
        }
      }
    }
  }
  for (const cv::Point& p : level.pixels) {
    const cv::Vec4f& s = sum.at<cv::Vec4f>(p);
    for (int c = 0; c < 3; ++c) {
      level.rgb.at<cv::Vec3b>(p)[c] = cv::saturate_cast<std::uint8_t>(s[c] / s[3]);
    }
  }
}

/// Takes over the coarser level's answer: its offsets, and through them its content.
void refine(Level& fine, const Level& coarse) {
  for (const cv::Point& p : fine.pixels) {
    const cv::Point q(std::min(p.x / 2, coarse.rgb.cols - 1), std::min(p.y / 2, coarse.rgb.rows - 1));
    const cv::Vec2i from = coarse.nearest.at<cv::Vec2i>(q);
    const cv::Point to(2 * from[0] + p.x % 2, 2 * from[1] + p.y % 2);
    if (from[0] >= 0 && to.x < fine.rgb.cols && to.y < fine.rgb.rows && fine.usable.at<std::uint8_t>(to) != 0) {
      fine.nearest.at<cv::Vec2i>(p) = {to.x, to.y};
      fine.rgb.at<cv::Vec3b>(p) = fine.rgb.at<cv::Vec3b>(to);
    } else {
      fine.rgb.at<cv::Vec3b>(p) = coarse.rgb.at<cv::Vec3b>(q);
    }
  }
}

bool solve(Level& level, unsigned seed) {
  Search search(level, seed);
  if (!search.possible()) {
    return false;
  }
  search.start_randomly();
  for (int round = 0; round < kRounds; ++round) {
    search.measure();
    search.sweep(true);
    search.sweep(false);
    vote(level);
  }
  return true;
}

/// The hole's answer at the finest searched level.
Level fill_pyramid(const cv::Mat& rgb, const cv::Mat& hole, const cv::Mat& source) {
  std::vector<Level> levels = {make_level(rgb, hole, source)};
  for (;;) {
    const Level& last = levels.back();
    double depth = 0;
    cv::minMaxLoc(last.depth, nullptr, &depth);
    if (depth <= kThinHole || std::min(last.rgb.cols, last.rgb.rows) < 8 * kRadius) {
      break;
    }
    cv::Mat small, small_hole, small_source;
    const cv::Size half((last.rgb.cols + 1) / 2, (last.rgb.rows + 1) / 2);
    cv::resize(last.rgb, small, half, 0, 0, cv::INTER_AREA);
    cv::resize(last.hole, small_hole, half, 0, 0, cv::INTER_AREA);
    cv::resize(last.source, small_source, half, 0, 0, cv::INTER_AREA);
    cv::threshold(small_hole, small_hole, 0, 255, cv::THRESH_BINARY);
    cv::threshold(small_source, small_source, 254, 255, cv::THRESH_BINARY);
    levels.push_back(make_level(small, small_hole, small_source));
  }
  if (cv::countNonZero(levels.back().source) > 0) {
    fill_from_nearest(levels.back());
  }
  for (std::size_t i = levels.size(); i-- > 0;) {
    if (i + 1 < levels.size()) {
      refine(levels[i], levels[i + 1]);
    }
    solve(levels[i], static_cast<unsigned>(i) + 1);
  }
  return std::move(levels.front());
}

/// The answer at full size: every pixel copies by the offsets around it, blended so that no block edges show.
void copy_scaled(cv::Mat& rgb, const cv::Mat& hole, const Level& answer, double factor) {
  const cv::Mat before = rgb.clone();
  cv::Mat coarse;
  cv::resize(answer.rgb, coarse, rgb.size(), 0, 0, cv::INTER_CUBIC);
  const cv::Rect whole(0, 0, rgb.cols, rgb.rows);
  for (int y = 0; y < rgb.rows; ++y) {
    for (int x = 0; x < rgb.cols; ++x) {
      if (hole.at<std::uint8_t>(y, x) == 0) {
        continue;
      }
      const double u = (x + 0.5) / factor - 0.5, v = (y + 0.5) / factor - 0.5;
      cv::Vec4f sum = cv::Vec4f::all(0.0F);
      for (int corner = 0; corner < 4; ++corner) {
        const int i = static_cast<int>(std::floor(u)) + corner % 2, j = static_cast<int>(std::floor(v)) + corner / 2;
        if (i < 0 || j < 0 || i >= answer.rgb.cols || j >= answer.rgb.rows) {
          continue;
        }
        const cv::Vec2i from = answer.nearest.at<cv::Vec2i>(j, i);
        const cv::Point at(static_cast<int>(std::lround(x + (from[0] - i) * factor)),
                           static_cast<int>(std::lround(y + (from[1] - j) * factor)));
        if (from[0] >= 0 && whole.contains(at) && hole.at<std::uint8_t>(at) == 0) {
          const auto weight = static_cast<float>((1 - std::abs(u - i)) * (1 - std::abs(v - j)) + 1e-6);
          const cv::Vec3b& c = before.at<cv::Vec3b>(at);
          sum += weight * cv::Vec4f(c[0], c[1], c[2], 1.0F);
        }
      }
      rgb.at<cv::Vec3b>(y, x) = sum[3] > 0 ? cv::Vec3b(cv::saturate_cast<std::uint8_t>(sum[0] / sum[3]),
                                                       cv::saturate_cast<std::uint8_t>(sum[1] / sum[3]),
                                                       cv::saturate_cast<std::uint8_t>(sum[2] / sum[3]))
                                           : coarse.at<cv::Vec3b>(y, x);
    }
  }
}

/// Takes the step at the hole's edge out: the difference there, carried smoothly inwards, is added to the fill.
void blend_edge(cv::Mat& rgb, const cv::Mat& hole) {
  cv::Mat values;
  rgb.convertTo(values, CV_32FC3);
  cv::Mat inside, outside;
  hole.convertTo(inside, CV_32F, 1.0 / 255.0);
  outside = 1.0 - inside;
  const auto mean = [&](const cv::Mat& where) {
    cv::Mat spread3, sum, count;
    cv::merge(std::vector<cv::Mat>(3, where), spread3);
    cv::blur(values.mul(spread3), sum, {7, 7});
    cv::blur(spread3, count, {7, 7});
    return cv::Mat(sum / cv::max(count, 1e-3));
  };
  cv::Mat step = mean(outside) - mean(inside);
  step = cv::min(cv::max(step, -kMostShift), kMostShift);
  cv::Mat inner, edge;
  cv::erode(hole, inner, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}), {-1, -1}, 1, cv::BORDER_CONSTANT,
            cv::Scalar(255));
  cv::Mat(hole & ~inner).convertTo(edge, CV_32F, 1.0 / 255.0);
  if (cv::countNonZero(edge) == 0) {
    return;
  }
  cv::Mat shift;
  cv::GaussianBlur(spread(step, edge), shift, {}, 2.0);
  cv::Mat(values + shift).convertTo(values, CV_8UC3);
  values.copyTo(rgb, hole);
}

/// The hole with as much of the picture around it as it is large: the answer is nearly always near.
cv::Rect around(const cv::Mat& hole) {
  const cv::Rect box = cv::boundingRect(hole);
  const int margin = std::max({box.width, box.height / 2, 8 * kRadius});
  return cv::Rect(box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin) &
         cv::Rect(0, 0, hole.cols, hole.rows);
}

}  // namespace

void fill_hole(cv::Mat& rgb, const cv::Mat& hole, const cv::Mat& source) {
  if (cv::countNonZero(hole) == 0) {
    return;
  }
  const cv::Rect crop = around(hole);
  cv::Mat part = rgb(crop), part_hole, part_source;
  cv::threshold(hole(crop), part_hole, 0, 255, cv::THRESH_BINARY);
  cv::threshold(source(crop), part_source, 0, 255, cv::THRESH_BINARY);
  part_source.setTo(0, part_hole);
  if (cv::countNonZero(part_source) == 0) {
    return;
  }
  const double factor = std::max(1.0, static_cast<double>(std::max(crop.width, crop.height)) / kFinest);
  if (factor == 1.0) {
    fill_pyramid(part, part_hole, part_source).rgb.copyTo(part, part_hole);
    blend_edge(part, part_hole);
    return;
  }
  cv::Mat small, small_hole, small_source;
  const cv::Size size(std::max(1, static_cast<int>(std::lround(crop.width / factor))),
                      std::max(1, static_cast<int>(std::lround(crop.height / factor))));
  cv::resize(part, small, size, 0, 0, cv::INTER_AREA);
  cv::resize(part_hole, small_hole, size, 0, 0, cv::INTER_AREA);
  cv::resize(part_source, small_source, size, 0, 0, cv::INTER_AREA);
  cv::threshold(small_hole, small_hole, 0, 255, cv::THRESH_BINARY);
  cv::threshold(small_source, small_source, 254, 255, cv::THRESH_BINARY);
  copy_scaled(part, part_hole, fill_pyramid(small, small_hole, small_source), factor);
  blend_edge(part, part_hole);
}

}  // namespace stgmamba::infer
