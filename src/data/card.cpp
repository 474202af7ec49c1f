// SPDX-License-Identifier: MIT
#include "stgmamba/data/card.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/text.hpp"

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

/// "square_crop", or with how many films each where there are several: "letterbox (3), square_crop (37)".
std::string listed(const FilmCard::Counts& counts) {
  std::vector<std::string> parts;
  parts.reserve(counts.size());
  for (const auto& [name, films] : counts) {
    parts.push_back(counts.size() == 1 ? name : fmt::format("{} ({})", name, films));
  }
  return util::join(parts, ", ");
}

std::string people_text(const FilmCard& card) {
  if (card.people == 0) {
    return "not named";
  }
  return card.nobody == 0 ? fmt::format("{}", card.people)
                          : fmt::format("{} (films that name nobody: {})", card.people, card.nobody);
}

std::string film_table(const FilmCard& card) {
  constexpr const char* kUnsaid = "not stated";
  const PaperFilms paper;
  const auto part = [&](const char* name) { return card.splits.count(name) > 0 ? card.splits.at(name) : 0; };
  std::string text = "| what | here | paper, Section 4.2 |\n|---|---|---|\n";
  const auto row = [&](const char* what, const auto& here, const auto& there) {
    text += fmt::format("| {} | {} | {} |\n", what, here, there);
  };
  row("films (sequences)", card.films, paper.sequences);
  row("training", part("train"), paper.train);
  row("validation", part("val"), kUnsaid);
  row("test", part("test"), paper.test);
  row("source videos", card.videos, kUnsaid);
  row("people", people_text(card), kUnsaid);
  row("styles", listed(card.styles), util::join(kStyles, ", "));
  row("pixels", listed(card.sizes), fmt::format("{0}x{0}", paper.size));
  row("framing", listed(card.framings), kUnsaid);
  row("frames a second", listed(card.frame_rates), kUnsaid);
  row("minutes", fmt::format("{:.1f}", card.seconds / 60), kUnsaid);
  row("indoor", kUnsaid, fmt::format("{:.0f} %", 100 * paper.indoor));
  if (card.without > 0) {
    row("takes without a film", card.without, "none");
  }
  return text;
}

std::string clip_table(const std::vector<CardRow>& rows) {
  std::string text =
      "| style | videos | paper | takes | clips of 5 s | share | paper | share | minutes | test videos | paper |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const CardRow& row : rows) {
    text += fmt::format("| {} | {} | {} | {} | {} | {:.1f} % | {} | {:.1f} % | {:.1f} | {:.1f} % | 10 % |\n", row.style,
                        row.videos, row.paper_videos, row.takes, row.clips, share(row.clips, rows.back().clips),
                        row.paper_clips, share(row.paper_clips, rows.back().paper_clips), row.seconds / 60,
                        100 * row.test_video_share);
  }
  return text;
}

}  // namespace

FilmCard film_card(const Dataset& dataset) {
  FilmCard card;
  std::set<std::string> filmed, videos, people;
  for (const TakeInfo& info : dataset.takes()) {
    if (info.framing.width <= 0) {
      ++card.without;
      continue;
    }
    ++card.films;
    card.seconds += info.seconds;
    filmed.insert(info.id);
    videos.insert(info.source);
    if (info.person.empty()) {
      ++card.nobody;
    } else {
      people.insert(info.person);
    }
    ++card.styles[info.style];
    ++card.sizes[fmt::format("{}x{}", info.framing.width, info.framing.height)];
    ++card.framings[info.framing.kind];
    ++card.frame_rates[fmt::format("{:g}", info.fps)];
  }
  card.videos = std::ssize(videos);
  card.people = std::ssize(people);
  for (const auto& [name, ids] : read_splits(dataset.folder())) {
    card.splits[name] =
        std::count_if(ids.begin(), ids.end(), [&](const std::string& id) { return filmed.count(id) > 0; });
  }
  return card;
}

std::vector<CardRow> card_rows(const Dataset& dataset) {
  const Splits splits = read_splits(dataset.folder());
  std::set<std::string> test_ids;
  if (const auto test = splits.find("test"); test != splits.end()) {
    test_ids.insert(test->second.begin(), test->second.end());
  }
  std::vector<CardRow> rows;
  rows.reserve(kStyles.size() + 1);
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
  const FilmCard films = film_card(dataset);
  return text + (films.films > 0 ? film_table(films) : clip_table(card_rows(dataset)));
}

}  // namespace stgmamba::data
