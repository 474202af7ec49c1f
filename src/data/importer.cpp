// SPDX-License-Identifier: MIT
#include "data/importer.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

DatasetWriter::Card filled(const ImportOptions& options, const std::string& origin, const std::string& notice) {
  if (options.out.empty()) {
    throw UsageError("--out must name the dataset folder to write");
  }
  DatasetWriter::Card card = options.card;
  const fs::path folder = options.out.has_filename() ? options.out : options.out.parent_path();
  card.name = card.name.empty() ? folder.filename().string() : card.name;
  card.licence = card.licence.empty() ? "not stated; ask the owner of the data before sharing it" : card.licence;
  card.origin = card.origin.empty() ? origin : card.origin;
  if (options.film.tail_seconds > 0) {
    card.origin +=
        fmt::format(" - NOT SPLIT BY SOURCE: the last {} s of every video test it", options.film.tail_seconds);
  }
  if (!notice.empty()) {
    card.origin += " - " + notice;
  }
  return card;
}

/// Beginnings train, ends validate and test: the same sources on both sides.
SplitLists split_tails(const std::vector<TakeInfo>& takes) {
  SplitLists lists = {{"train", {}}, {"val", {}}, {"test", {}}};
  for (const TakeInfo& info : takes) {
    if (info.id.ends_with(kTail)) {
      lists["val"].push_back(info.id);
      lists["test"].push_back(info.id);
    } else {
      lists["train"].push_back(info.id);
    }
  }
  return lists;
}

}  // namespace

/// Letters, digits, '_', '-' and '.' stay, everything else becomes '_'.
std::string as_id(const std::string& text) {
  std::string id;
  for (const char c : text) {
    id += valid_id("x" + std::string(1, c)) ? c : '_';
  }
  return id.empty() || id.front() == '.' ? "_" + id : id;
}

void require_style(const std::string& style) {
  if (std::find(kStyles.begin(), kStyles.end(), style) == kStyles.end()) {
    const std::string near = util::nearest(style, kStyles);
    throw UsageError("--style must be one of {}, got '{}'{}", util::join(kStyles, ", "), style,
                     near.empty() ? std::string() : " (did you mean '" + near + "'?)");
  }
}

media::Audio silence(double seconds) {
  media::Audio audio;
  audio.rate = kSampleRate;
  audio.samples.assign(static_cast<std::size_t>(std::ceil(seconds * kSampleRate - 1e-6)),
                       0.0F);  // no frame loses its end
  return audio;
}

Importer::Importer(const ImportOptions& options, const std::string& origin, const std::string& notice)
    : options_(options), writer_(options.out, filled(options, origin, notice), options.overwrite) {}

bool Importer::seen_enough(const std::string& where, const skeleton::Motion& motion) {
  const double missing = motion.frames() == 0 ? 1.0 : skeleton::missing_share(motion);
  if (missing > options_.max_missing) {
    skip(where, fmt::format("{:.1f} % of the joints are missing, at most {:.1f} % may", 100 * missing,
                            100 * options_.max_missing));
    return false;
  }
  return true;
}

void Importer::add(Take&& take) {
  if (util::stop_requested()) {
    throw StoppedError("{}: stopped; no dataset was written, run the same command again", options_.out.string());
  }
  // Sound and poses end together: what sticks out has no partner.
  const double seconds = std::min(take.audio.seconds(), take.motion.seconds());
  const auto frames = static_cast<std::int64_t>(std::floor(seconds * take.motion.fps + 1e-6));
  if (frames < 1) {
    skip(take.info.id, "sound and poses have no time in common");
    return;
  }
  if (frames < take.motion.frames()) {
    take.motion = skeleton::slice(take.motion, 0, frames);
  }
  take.audio.samples.resize(
      std::min(take.audio.samples.size(), static_cast<std::size_t>(std::llround(take.motion.seconds() * kSampleRate))));
  TakeInfo info = take.info;
  info.seconds = std::min(take.audio.seconds(), take.motion.seconds());
  writer_.add(std::move(take));
  ++report_.takes;
  report_.seconds += info.seconds;
  takes_.push_back(std::move(info));
}

ImportReport Importer::finish() {
  if (takes_.empty()) {
    throw DataError("{}: nothing could be imported; {}", options_.out.string(),
                    report_.skipped.empty() ? std::string("the input holds no poses")
                                            : "the first reason was " + report_.skipped.front());
  }
  for (auto& [name, ids] : options_.film.tail_seconds > 0 ? split_tails(takes_) : make_split(takes_, options_.split)) {
    if (ids.empty()) {
      report_.notes.push_back(fmt::format("the split '{}' is empty: too few separate sources or songs", name));
    }
    writer_.set_split(name, std::move(ids));
  }
  writer_.finish();
  return std::move(report_);
}

}  // namespace stgmamba::data
