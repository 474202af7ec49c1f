// SPDX-License-Identifier: MIT
#include "stgmamba/eval/figure_strips.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::eval {

using media::Box;
using media::Canvas;
using skeleton::Motion;

namespace {

constexpr double kLabelWidth = 128.0, kCellWidth = 104.0, kCellHeight = 112.0, kMargin = 12.0;
constexpr double kMusicHeight = 64.0, kMusicGap = 24.0, kPadding = 7.0;

/// A frame is drawn with its hips in the middle of the cell; heights stay, so that jumps and bends are seen.
double middle_x(const Motion& motion, std::int64_t frame) {
  double sum = 0.0;
  int count = 0;
  for (const int joint : {skeleton::kRightHip, skeleton::kLeftHip, skeleton::kNeck}) {
    if (!motion.missing(frame, joint) && std::isfinite(motion.x(frame, joint))) {
      sum += motion.x(frame, joint);
      ++count;
    }
  }
  return count > 0 ? sum / count : 0.5 * skeleton::kFrameWidth;
}

/// How far the drawn joints of all rows reach, so that one scale fits them all.
struct Reach {
  double top = std::numeric_limits<double>::infinity(), bottom = -top, aside = 1.0;

  void add(const Motion& motion, std::int64_t frame) {
    const double middle = middle_x(motion, frame);
    for (int v = 0; v < skeleton::kJoints; ++v) {
      if (!motion.missing(frame, v) && std::isfinite(motion.x(frame, v)) && std::isfinite(motion.y(frame, v))) {
        top = std::min<double>(top, motion.y(frame, v));
        bottom = std::max<double>(bottom, motion.y(frame, v));
        aside = std::max(aside, std::abs(motion.x(frame, v) - middle));
      }
    }
  }
  double scale() const {
    return std::min((kCellWidth - 2 * kPadding) / (2 * aside),
                    (kCellHeight - 2 * kPadding) / std::max(1.0, bottom - top));
  }
};

/// The page of figures 5 to 8: what all its rows share.
struct Page {
  Canvas canvas;
  Reach reach;
  std::vector<std::int64_t> frames = strip_frames();

  Box cell(std::size_t row, std::size_t column) const {
    return {kMargin + kLabelWidth + kCellWidth * static_cast<double>(column),
            kMargin + kMusicHeight + kMusicGap + kCellHeight * static_cast<double>(row), kCellWidth, kCellHeight};
  }
  skeleton::CanvasPlace placement(const Box& box, const Motion& motion, std::int64_t frame) const {
    const double scale = reach.scale();
    const double spare = box.height - scale * (reach.bottom - reach.top);
    return {box.left + 0.5 * box.width - scale * middle_x(motion, frame), box.top + 0.5 * spare - scale * reach.top,
            scale};
  }
};

/// Over as many lines as it needs, about the middle of the row.
void draw_label(Canvas& canvas, const std::string& label, const Box& cell) {
  const media::Font font{.size = 12.0, .color = kInk, .align = media::Align::kRight};
  constexpr double kLine = 15.0;
  std::vector<std::string> lines(1);
  std::istringstream words(label);
  for (std::string word; words >> word;) {
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (lines.back().empty() || canvas.text_width(longer, font) <= kLabelWidth - 12.0) {
      lines.back() = longer;
    } else {
      lines.push_back(word);
    }
  }
  double y = cell.top + 0.5 * cell.height + 4.0 - 0.5 * kLine * static_cast<double>(lines.size() - 1);
  for (const std::string& line : lines) {
    canvas.text({cell.left - 10.0, y}, line, font);
    y += kLine;
  }
}

Page make_page(const Stretch& stretch, const std::vector<StripRow>& rows, bool all_dances) {
  STG_CHECK(!rows.empty(), "[figure] needs a row");
  // The music's clock is that of the strip, cell i centred on its frame's time, and it may end later than the strip.
  const double a_frame = kCellWidth / static_cast<double>(kStripStep);
  const double music = kMargin + kLabelWidth + 0.5 * kCellWidth - a_frame * static_cast<double>(strip_frames().front());
  const double music_width = a_frame * static_cast<double>(infer::kWindowFrames);
  const double strip_end = kMargin + kLabelWidth + kCellWidth * static_cast<double>(kStripFrames);
  const double width = kMargin + std::max(strip_end, music + music_width);
  const double height = 2 * kMargin + kMusicHeight + kMusicGap + kCellHeight * static_cast<double>(rows.size());
  Page page{Canvas(width, height), {}, strip_frames()};
  for (const StripRow& row : rows) {
    STG_CHECK(!row.dances.empty(), "[figure] row '{}' holds no dance", row.label);
    for (std::size_t n = 0; n < (all_dances ? row.dances.size() : 1); ++n) {
      STG_CHECK(row.dances[n].frames() >= infer::kWindowFrames, "[figure] row '{}' must last {} frames, got {}",
                row.label, infer::kWindowFrames, row.dances[n].frames());
      for (const std::int64_t frame : page.frames) {
        page.reach.add(row.dances[n], frame);
      }
    }
  }
  draw_music(page.canvas, stretch, {music, kMargin, music_width, kMusicHeight});
  for (std::size_t i = 0; i < page.frames.size(); ++i) {
    const Box cell = page.cell(0, i);
    page.canvas.text({cell.left + 0.5 * cell.width, cell.top - 8.0},
                     fmt::format("{:.1f} s", static_cast<double>(page.frames[i]) / data::kFps),
                     {.size = 10.0, .color = kFaint, .align = media::Align::kCentre});
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Box first = page.cell(r, 0);
    page.canvas.line({kMargin, first.top}, {width - kMargin, first.top},
                     {.color = {225, 225, 230}, .width = r == 0 ? 1.5 : 0.8});
    draw_label(page.canvas, rows[r].label, first);
  }
  return page;
}

void draw_boxes(Page& page, std::size_t row, const Marks& marks) {
  const media::Pen pen{.color = kMark, .width = 1.6, .dashed = true};
  for (const auto& [first, last] : marks.repeated) {
    const Box from = page.cell(row, first);
    page.canvas.outline(
        {from.left + 2, from.top + 2, kCellWidth * static_cast<double>(last - first + 1) - 4, from.height - 4}, pen);
  }
  for (const std::size_t frame : marks.distorted) {
    const Box cell = page.cell(row, frame);
    page.canvas.outline({cell.left + 7, cell.top + 6, cell.width - 14, cell.height - 12}, pen);
  }
}

io::Json numbers_of(const Stretch& stretch, const std::vector<std::int64_t>& frames) {
  return {{"music", stretch.title}, {"style", stretch.style}, {"beats", stretch.beats}, {"frames", frames}};
}

std::string opening(const Stretch& stretch) {
  return fmt::format(
      "Music ({}{}{}) as waveform and mel spectrogram, beats in orange; {} frames of each dance, "
      "{:g} s apart, hips in the middle of the cell, one scale for all.",
      stretch.title, stretch.style.empty() ? "" : ", ", stretch.style, kStripFrames,
      static_cast<double>(kStripStep) / data::kFps);
}

}  // namespace

std::vector<std::int64_t> strip_frames() {
  std::vector<std::int64_t> frames;
  constexpr std::int64_t kFirst = (infer::kWindowFrames - 1 - (kStripFrames - 1) * kStripStep) / 2;
  for (std::int64_t i = 0; i < kStripFrames; ++i) {
    frames.push_back(kFirst + i * kStripStep);
  }
  return frames;
}

Figure draw_strips(const Stretch& stretch, const std::vector<StripRow>& rows, const MarkRule& rule) {
  STG_CHECK(rule.step == kStripStep, "[figure] the rule must be learned at a step of {}, got {}", kStripStep,
            rule.step);
  Page page = make_page(stretch, rows, false);
  io::Json numbers = numbers_of(stretch, page.frames);
  numbers["repeated_within_torsos"] = rule.nearest;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Motion& motion = rows[r].dances.front();
    for (std::size_t i = 0; i < page.frames.size(); ++i) {
      skeleton::draw_skeleton(page.canvas, motion, page.frames[i],
                              page.placement(page.cell(r, i), motion, page.frames[i]));
    }
    const Marks marks = mark_frames(rule, motion, page.frames);
    draw_boxes(page, r, marks);
    numbers["rows"].push_back({{"label", rows[r].label}, {"repeated", marks.repeated}, {"distorted", marks.distorted}});
  }
  return {std::move(page.canvas), opening(stretch) + " " + rule.text(), std::move(numbers)};
}

Figure draw_overlays(const Stretch& stretch, const std::vector<StripRow>& rows) {
  Page page = make_page(stretch, rows, true);
  io::Json numbers = numbers_of(stretch, page.frames);
  std::string variances;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < page.frames.size(); ++i) {
      for (std::size_t n = 0; n < rows[r].dances.size(); ++n) {
        const Motion& motion = rows[r].dances[n];
        skeleton::draw_skeleton(page.canvas, motion, page.frames[i],
                                page.placement(page.cell(r, i), motion, page.frames[i]),
                                {.color = palette(n), .alpha = 0.6, .half_width = 2.5});
      }
    }
    const double variance = metrics::draw_variance(rows[r].dances, true);
    numbers["rows"].push_back({{"label", rows[r].label}, {"dances", rows[r].dances.size()}, {"variance_h2", variance}});
    variances +=
        fmt::format("{}{} {:.4f} ({} dances)", r == 0 ? "" : ", ", rows[r].label, variance, rows[r].dances.size());
  }
  return {std::move(page.canvas),
          opening(stretch) +
              " Dances to the same music over each other, a colour each: a model's draws of z, and the "
              "real dances of that song. Variance between them, necks on each other, in h^2: " +
              variances + ".",
          std::move(numbers)};
}

}  // namespace stgmamba::eval
