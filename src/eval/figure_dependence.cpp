// SPDX-License-Identifier: MIT
// How Figure 9 is drawn; eval/dependence.cpp measures what it shows.
#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/eval/dependence.hpp"
#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::eval {

using media::Box;
using media::Canvas;
using skeleton::Motion;

namespace {

constexpr double kMargin = 14.0, kHead = 26.0, kGap = 22.0;
constexpr double kSpatialWidth = 190.0, kRowHeight = 220.0;
constexpr double kCellWidth = 98.0, kLargest = 11.0;  // radius of the strongest circle, px
constexpr std::int64_t kShownFrames = 9;
constexpr media::Rgb kLimb{205, 208, 214};
constexpr media::Rgb kCircle{0, 114, 178};

/// First of the frames that are shown: those around the example that hold the most of its strongest nodes, and of
/// several such the one in whose middle it stands best.
std::int64_t first_shown(const Dependence& example) {
  const std::vector<Node> nodes = example.temporal(kTemporalNodes);
  const std::int64_t last = std::max<std::int64_t>(0, example.frames - kShownFrames);
  const std::int64_t middle = std::clamp<std::int64_t>(example.frame - kShownFrames / 2, 0, last);
  const auto held = [&](std::int64_t first) {
    return std::count_if(nodes.begin(), nodes.end(),
                         [&](const Node& node) { return node.frame >= first && node.frame < first + kShownFrames; });
  };
  std::int64_t best = middle;
  for (std::int64_t first = std::max<std::int64_t>(0, example.frame - kShownFrames + 1);
       first <= std::min(example.frame, last); ++first) {
    const bool nearer = std::abs(first - middle) < std::abs(best - middle);
    if (held(first) > held(best) || (held(first) == held(best) && nearer)) {
      best = first;
    }
  }
  return best;
}

/// A skeleton of the whole clip's size in a box.
skeleton::CanvasPlace place_in(const Box& box, const Motion& motion, std::int64_t frame) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  double aside = 1.0;
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      low = std::min<double>(low, motion.y(f, v));
      high = std::max<double>(high, motion.y(f, v));
      aside = std::max<double>(aside, std::abs(motion.x(f, v) - motion.x(f, skeleton::kNeck)));
    }
  }
  const double room = 2 * kLargest;
  const double scale = std::min((box.width - room) / (2 * aside), (box.height - room) / std::max(1.0, high - low));
  return {box.left + 0.5 * box.width - scale * motion.x(frame, skeleton::kNeck),
          box.top + 0.5 * (box.height - scale * (high - low)) - scale * low, scale};
}

void draw_circles(Canvas& canvas, const skeleton::CanvasPlace& place, const Motion& motion, std::int64_t frame,
                  const std::vector<Node>& nodes) {
  for (const Node& node : nodes) {
    if (node.frame == frame && node.response > 0.0) {
      const double radius = kLargest * std::sqrt(node.response / nodes.front().response);
      const media::Point centre = place.of(motion, frame, node.joint);
      canvas.disc(centre, radius, {kCircle, 0.35});
      canvas.ring(centre, radius, {.color = kCircle, .width = 1.0});
    }
  }
}

void draw_example(Canvas& canvas, media::Point centre) {
  canvas.disc(centre, 4.5, {kMark});
  canvas.ring(centre, 4.5, {.color = {255, 255, 255}, .width = 1.0});
}

void draw_row(Canvas& canvas, double top, const Motion& motion, const Dependence& example) {
  const skeleton::FigureStyle bones{.color = kLimb, .half_width = 3.0};
  const Box large{kMargin, top, kSpatialWidth, kRowHeight - 30.0};
  const skeleton::CanvasPlace place = place_in(large, motion, example.frame);
  skeleton::draw_skeleton(canvas, motion, example.frame, place, bones);
  draw_circles(canvas, place, motion, example.frame, example.spatial(kSpatialNodes));
  draw_example(canvas, place.of(motion, example.frame, example.joint));
  const std::vector<Node> temporal = example.temporal(kTemporalNodes);
  const std::int64_t first = first_shown(example);
  for (std::int64_t f = first; f < std::min(first + kShownFrames, example.frames); ++f) {
    const Box cell{kMargin + kSpatialWidth + kGap + kCellWidth * static_cast<double>(f - first), top, kCellWidth,
                   kRowHeight - 30.0};
    if (f == example.frame) {
      canvas.rectangle({cell.left + 2, cell.top - 4, cell.width - 4, cell.height + 8}, {{244, 246, 250}});
    }
    const skeleton::CanvasPlace small = place_in(cell, motion, f);
    skeleton::draw_skeleton(canvas, motion, f, small, bones);
    draw_circles(canvas, small, motion, f, temporal);
    if (f == example.frame) {
      draw_example(canvas, small.of(motion, f, example.joint));
    }
    canvas.text(
        {cell.left + 0.5 * cell.width, cell.bottom() + 18.0},
        f == example.frame ? "0 s" : fmt::format("{:+.1f} s", static_cast<double>(f - example.frame) / data::kFps),
        {.size = 10.0, .color = kFaint, .align = media::Align::kCentre});
  }
  canvas.text({large.left + 0.5 * large.width, large.bottom() + 18.0},
              fmt::format("{} at {:.1f} s", skeleton::joint_name(example.joint),
                          static_cast<double>(example.frame) / data::kFps),
              {.size = 11.0, .color = kInk, .align = media::Align::kCentre});
}

io::Json nodes_json(const std::vector<Node>& nodes) {
  io::Json list = io::Json::array();
  for (const Node& node : nodes) {
    list.push_back({{"frame", node.frame}, {"joint", skeleton::joint_name(node.joint)}, {"response", node.response}});
  }
  return list;
}

std::size_t nodes_shown(const Dependence& example) {
  const std::int64_t first = first_shown(example);
  const std::vector<Node> nodes = example.temporal(kTemporalNodes);
  return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](const Node& node) {
    return node.frame >= first && node.frame < first + kShownFrames;
  }));
}

/// The two pictures have scales of their own, so the caption says how they compare.
std::string beside_spatial(const Dependence& example) {
  const double spatial = example.spatial(1).front().response;
  return spatial > 0.0 ? fmt::format("; the strongest is {:.2g} of the strongest on the left",
                                     example.temporal(1).front().response / spatial)
                       : "";
}

}  // namespace

Figure draw_dependences(const Stretch& stretch, const Motion& motion, const std::vector<Dependence>& examples,
                        Response response) {
  STG_CHECK(!examples.empty(), "[figure 9] needs an example node");
  const double width = 2 * kMargin + kSpatialWidth + kGap + kCellWidth * static_cast<double>(kShownFrames);
  Canvas canvas(width, kMargin + kHead + kRowHeight * static_cast<double>(examples.size()));
  const media::Font head{.size = 12.0, .color = kInk, .align = media::Align::kCentre, .bold = true};
  canvas.text({kMargin + 0.5 * kSpatialWidth, kMargin + 8.0}, "spatial", head);
  canvas.text({0.5 * (kMargin + kSpatialWidth + kGap + width), kMargin + 8.0}, "temporal", head);
  io::Json numbers{{"music", stretch.title}, {"response", response == Response::kBlock ? "block" : "scan"}};
  std::string shown;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Dependence& example = examples[i];
    draw_row(canvas, kMargin + kHead + kRowHeight * static_cast<double>(i), motion, example);
    numbers["examples"].push_back({{"block", example.block},
                                   {"frame", example.frame},
                                   {"joint", skeleton::joint_name(example.joint)},
                                   {"spatial", nodes_json(example.spatial(kSpatialNodes))},
                                   {"temporal", nodes_json(example.temporal(kTemporalNodes))}});
    shown += fmt::format("{}{} of {} ({}{})", i == 0 ? "" : ", ", nodes_shown(example), kTemporalNodes,
                         skeleton::joint_name(example.joint), beside_spatial(example));
  }
  const std::string what =
      response == Response::kBlock
          ? "the norm of the derivative of the example node's output by a node's input"
          : "what the block's scans alone carry from a node to the example node, their selection held";
  return {std::move(canvas),
          fmt::format("What an example node (red) depends on in STGM block {} while the model dances to {}: {}. Left: "
                      "the {} strongest joints of its own frame. Right: the {} strongest nodes of all other frames; "
                      "{} frames around it are shown, which hold {} of them. A circle's area is proportional to the "
                      "response, the strongest of each picture the largest; the example's own value is left out.",
                      examples.front().block, stretch.title, what, kSpatialNodes, kTemporalNodes, kShownFrames, shown),
          std::move(numbers)};
}

}  // namespace stgmamba::eval
