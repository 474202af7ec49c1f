// SPDX-License-Identifier: MIT
#include <cmath>
#include <optional>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

#include "data/importer.hpp"

namespace stgmamba::data {

namespace {

/// Joins units that follow each other without a gap.
class MdvsJoiner {
 public:
  MdvsJoiner(Importer& importer, std::string style) : importer_(importer), style_(std::move(style)) {}

  void add(skeleton::MdvsUnit&& unit) {
    double start = 0.0;
    const bool timed = util::parse_number(unit.start, start);
    const std::string where = style_ + "/" + unit.video + "/" + unit.start;
    if (!importer_.seen_enough(where, unit.motion)) {
      flush();
      return;
    }
    const bool follows = open_ && timed && open_->info.source == source_of(unit) &&
                         std::abs(open_->info.start + open_->motion.seconds() - start) < 1e-6;
    if (!follows) {
      flush();
      open_.emplace();
      open_->info.id = as_id(source_of(unit) + "_" + unit.start);
      open_->info.source = source_of(unit);
      open_->info.style = style_;
      open_->info.start = start;
      open_->audio.rate = kSampleRate;
      open_->motion.fps = unit.motion.fps;
    }
    Take& take = *open_;
    // The file's sound may run over the poses; only their own 10 s belong to them.
    const auto samples = static_cast<std::size_t>(std::llround(unit.motion.seconds() * kSampleRate));
    unit.audio.resize(samples, 0);
    for (const std::int16_t sample : unit.audio) {
      take.audio.samples.push_back(static_cast<float>(sample) / 32768.0F);
    }
    take.motion.xy.insert(take.motion.xy.end(), unit.motion.xy.begin(), unit.motion.xy.end());
    take.motion.score.insert(take.motion.score.end(), unit.motion.score.begin(), unit.motion.score.end());
  }

  void flush() {
    if (open_) {
      importer_.add(std::move(*open_));
      open_.reset();
    }
  }

 private:
  std::string source_of(const skeleton::MdvsUnit& unit) const { return style_ + "_" + unit.video; }

  Importer& importer_;
  std::string style_;
  std::optional<Take> open_;
};

}  // namespace

ImportReport import_mdvs(const std::vector<MdvsFile>& files, const ImportOptions& options) {
  std::vector<std::string> names;
  for (const MdvsFile& file : files) {
    require_style(file.style);
    names.push_back(file.path.filename().string());
  }
  Importer importer(options, "MDVS data: " + util::join(names, ", "));
  for (const MdvsFile& file : files) {
    MdvsJoiner joiner(importer, file.style);
    const skeleton::MdvsReport read =
        skeleton::read_mdvs(file.path, [&](skeleton::MdvsUnit&& unit) { joiner.add(std::move(unit)); });
    joiner.flush();
    for (const std::string& skipped : read.skipped) {
      importer.report().skipped.push_back(file.style + "/" + skipped);
    }
    importer.report().notes.push_back(
        fmt::format("{}: {} units of 10 s in {} videos", file.path.filename().string(), read.units, read.videos));
  }
  return importer.finish();
}

}  // namespace stgmamba::data
