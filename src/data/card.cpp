// SPDX-License-Identifier: MIT
#include "stgmamba/data/card.hpp"

#include <cmath>
#include <set>

#include <fmt/format.h>

#include "stgmamba/config/section.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {
namespace {

constexpr double kClipSeconds = 5.0;

struct Paper {
  std::int64_t videos = 0, clips = 0;
};

/// Section 4.1 of the paper.
Paper paper_counts(const std::string& style) {
  if (style == "kpop") {
    return {40, 1782};
  }
  if (style == "ballet") {
    return {20, 448};
  }
  if (style == "popping") {
    return {40, 1518};
  }
  return {100, 3748};
}

CardRow count(const Dataset& dataset, const std::set<std::string>& test_ids, const std::string& style) {
  CardRow row;
  row.style = style;
  const Paper paper = paper_counts(style);
  row.paper_videos = paper.videos;
  row.paper_clips = paper.clips;
  std::set<std::string> videos, test_videos;
  for (const TakeInfo& info : dataset.takes()) {
    if (style != "all" && info.style != style) {
      continue;
    }
    ++row.takes;
    row.seconds += info.seconds;
    row.clips += static_cast<std::int64_t>(std::floor(info.seconds / kClipSeconds + 1e-6));
    videos.insert(info.source);
    if (test_ids.count(info.id) > 0) {
      test_videos.insert(info.source);
    }
  }
  row.videos = std::ssize(videos);
  row.test_video_share =
      videos.empty() ? 0.0 : static_cast<double>(test_videos.size()) / static_cast<double>(videos.size());
  return row;
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<CardRow> card_rows(const Dataset& dataset) {
  const Splits splits = read_splits(dataset.folder());
  std::set<std::string> test_ids;
  if (const auto test = splits.find("test"); test != splits.end()) {
    test_ids.insert(test->second.begin(), test->second.end());
  }
  std::vector<CardRow> rows;
  for (const std::string& style : kStyles) {
    rows.push_back(count(dataset, test_ids, style));
  }
  rows.push_back(count(dataset, test_ids, "all"));
  return rows;
}

std::string card_text(const Dataset& dataset) {
  const config::Document card = config::Document::load(dataset.folder() / kCardFile);
  std::string text;
  for (const char* key : {"name", "licence", "origin", "made_by"}) {
    std::string value;
    card.root().read(key, value);
    text += fmt::format("{}: {}\n", key, value.empty() ? "not stated" : value);
  }
  text += fmt::format("hash: {}\n\n", dataset.hash());
  text += "| style | videos | paper | takes | clips of 5 s | share | paper | share | minutes | test videos | paper |\n";
  text += "|---|---|---|---|---|---|---|---|---|---|---|\n";
  const std::vector<CardRow> rows = card_rows(dataset);
  for (const CardRow& row : rows) {
    text += fmt::format("| {} | {} | {} | {} | {} | {:.1f} % | {} | {:.1f} % | {:.1f} | {:.1f} % | 10 % |\n", row.style,
                        row.videos, row.paper_videos, row.takes, row.clips, share(row.clips, rows.back().clips),
                        row.paper_clips, share(row.paper_clips, rows.back().paper_clips), row.seconds / 60,
                        100 * row.test_video_share);
  }
  return text;
}

}  // namespace stgmamba::data
