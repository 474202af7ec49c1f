// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <set>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/dataset.hpp"
#include "stgmamba/media/video.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/text.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

struct DatasetWriter::Impl {
  Impl(fs::path folder_, Card card_, bool overwrite_)
      : folder(folder_.has_filename() ? std::move(folder_) : folder_.parent_path()),  // "name/" is "name"
        card(std::move(card_)),
        overwrite(overwrite_) {}

  fs::path folder;
  Card card;
  bool overwrite;
  std::optional<util::PendingFolder> pending;
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<TakeInfo> takes;
  Splits splits;
  bool finished = false;
};

namespace {

/// An own folder may be replaced, somebody's photographs may not.
void require_replaceable(const fs::path& folder, bool overwrite) {
  if (!fs::exists(folder)) {
    return;
  }
  const bool empty = fs::is_directory(folder) && fs::is_empty(folder);
  if (!overwrite && !empty) {
    throw DataError("{}: exists already; choose another folder, or allow replacing it with --force", folder.string());
  }
  if (!empty && !fs::exists(folder / kIndexFile)) {
    throw DataError("{}: will not replace it, because it is no dataset folder (no {}); choose another folder",
                    folder.string(), kIndexFile);
  }
}

/// Text in double quotes as JSON writes it, which YAML reads alike.
std::string quoted(const std::string& text) {
  return io::Json(text).dump(-1, ' ', false, io::Json::error_handler_t::replace);
}

std::string card_text(const DatasetWriter::Card& card, const std::vector<TakeInfo>& takes) {
  double seconds = 0.0;
  std::map<std::string, int> per_style;
  for (const TakeInfo& info : takes) {
    seconds += info.seconds;
    ++per_style[info.style];
  }
  std::string text = fmt::format("name: {}\nlicence: {}\norigin: {}\nmade_by: {}\n", quoted(card.name),
                                 quoted(card.licence), quoted(card.origin), quoted(card.made_by));
  text += fmt::format("format: 1\nsample_rate: {}\nskeleton: openpose18\nframe: [640, 360]\n", kSampleRate);
  text += fmt::format("takes: {}\nseconds: {:.3f}\nstyles:\n", takes.size(), seconds);
  for (const auto& [style, count] : per_style) {
    text += fmt::format("  {}: {}\n", style, count);
  }
  return text;
}

void require_usable(const Take& take) {
  const TakeInfo& info = take.info;
  if (!valid_id(info.id)) {
    throw DataError("take '{}': an id must be letters, digits, '_', '-' or '.' and become a folder name", info.id);
  }
  if (std::find(kStyles.begin(), kStyles.end(), info.style) == kStyles.end()) {
    throw DataError("take '{}': style must be one of {}, got '{}'", info.id, util::join(kStyles, ", "), info.style);
  }
  if (info.source.empty()) {
    throw DataError("take '{}': must name the source it was cut from, or splits cannot be kept apart", info.id);
  }
  STG_CHECK(take.audio.rate == kSampleRate, "[DatasetWriter] take '{}': audio must be at {} Hz, got {}", info.id,
            kSampleRate, take.audio.rate);
  STG_CHECK(take.motion.fps > 0, "[DatasetWriter] take '{}': fps must be positive, got {}", info.id, take.motion.fps);
  if (take.audio.samples.empty() || take.motion.frames() == 0) {
    throw DataError("take '{}': must hold sound and poses, got {} samples and {} frames", info.id,
                    take.audio.samples.size(), take.motion.frames());
  }
}

/// Hands out pictures that are in memory.
std::function<bool(media::Image&)> one_by_one(std::vector<media::Image> frames) {
  auto rest = std::make_shared<std::deque<media::Image>>(std::make_move_iterator(frames.begin()),
                                                         std::make_move_iterator(frames.end()));
  return [rest](media::Image& frame) {
    if (rest->empty()) {
      return false;
    }
    frame = std::move(rest->front());
    rest->pop_front();
    return true;
  };
}

/// The clip's video: one frame a pose, nearly lossless, the same bytes every time.
void write_clip(const fs::path& path, const Take& take, const std::function<bool(media::Image&)>& film) {
  media::VideoOptions options;
  options.rate = {static_cast<int>(std::lround(take.motion.fps * 1000.0)), 1000};
  options.quality = 8;
  options.bit_exact = true;
  std::optional<media::VideoWriter> writer;
  media::Image frame;
  for (std::int64_t f = 0; f < take.motion.frames(); ++f) {
    if (!film(frame)) {
      throw DataError("take '{}': its video ends after {} pictures, there are {} poses", take.info.id, f,
                      take.motion.frames());
    }
    if (!writer) {
      options.width = frame.width;
      options.height = frame.height;
      writer.emplace(path, options);
    }
    writer->write(frame);
  }
  writer->finish();
}

}  // namespace

DatasetWriter::DatasetWriter(fs::path folder, Card card, bool overwrite)
    : impl_(std::make_unique<Impl>(std::move(folder), std::move(card), overwrite)) {
  require_replaceable(impl_->folder, overwrite);
  if (impl_->folder.has_parent_path()) {
    util::make_folders(impl_->folder.parent_path());
  }
  impl_->pending.emplace(impl_->folder);
  util::make_folders(impl_->pending->path() / kClipsFolder);
  util::make_folders(impl_->pending->path() / kSplitsFolder);
}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::add(Take&& take) {
  STG_CHECK(!impl_->finished, "[DatasetWriter] add after finish");
  require_usable(take);
  {
    const std::lock_guard<std::mutex> guard(impl_->mutex);
    if (!impl_->ids.insert(take.info.id).second) {
      throw DataError("take '{}': comes twice; ids must be unique within {}", take.info.id, impl_->folder.string());
    }
  }
  const fs::path clip = impl_->pending->path() / kClipsFolder / take.info.id;
  util::make_folders(clip);
  media::write_wav(clip / kAudioFile, take.audio);
  skeleton::write_motion_npz(clip / kPoseFile, take.motion);
  TakeInfo info = take.info;
  info.seconds = std::min(take.audio.seconds(), take.motion.seconds());
  info.fps = take.motion.fps;
  info.frames = take.motion.frames();
  info.hashes = {{kAudioFile, util::hash_file(clip / kAudioFile)}, {kPoseFile, util::hash_file(clip / kPoseFile)}};
  if (!take.frames.empty() || take.film) {
    STG_CHECK(take.frames.empty() || std::ssize(take.frames) == take.motion.frames(),
              "[DatasetWriter] take '{}': {} pictures for {} poses", take.info.id, take.frames.size(),
              take.motion.frames());
    write_clip(clip / kVideoFile, take, take.film ? take.film : one_by_one(std::move(take.frames)));
    info.hashes[kVideoFile] = util::hash_file(clip / kVideoFile);
  }
  const std::lock_guard<std::mutex> guard(impl_->mutex);
  impl_->takes.push_back(std::move(info));
}

void DatasetWriter::set_split(const std::string& name, std::vector<std::string> ids) {
  STG_CHECK(valid_id(name), "[DatasetWriter] a split's name must be a plain file name, got '{}'", name);
  const std::lock_guard<std::mutex> guard(impl_->mutex);
  impl_->splits[name] = std::move(ids);
}

void DatasetWriter::finish() {
  const std::lock_guard<std::mutex> guard(impl_->mutex);
  STG_CHECK(!impl_->finished, "[DatasetWriter] finish twice");
  for (const auto& [name, ids] : impl_->splits) {
    for (const std::string& id : ids) {
      STG_CHECK(impl_->ids.count(id) == 1, "[DatasetWriter] split '{}' names the unknown take '{}'", name, id);
    }
  }
  // Threads add in any order; the index does not depend on it.
  std::sort(impl_->takes.begin(), impl_->takes.end(), [](const TakeInfo& a, const TakeInfo& b) { return a.id < b.id; });
  const fs::path folder = impl_->pending->path();
  std::vector<io::Json> rows;
  for (const TakeInfo& info : impl_->takes) {
    rows.push_back(to_json(info));
  }
  io::write_json_lines(folder / kIndexFile, rows);
  for (const auto& [name, ids] : impl_->splits) {
    util::write_text(folder / kSplitsFolder / (name + ".txt"), split_text(ids));
  }
  util::write_text(folder / kCardFile, card_text(impl_->card, impl_->takes));
  // The old folder steps aside until the new one stands.
  require_replaceable(impl_->folder, impl_->overwrite);
  const fs::path aside = folder.string() + ".old";
  const bool replaced = fs::exists(impl_->folder);
  if (replaced) {
    fs::rename(impl_->folder, aside);
  }
  try {
    impl_->pending->commit();
  } catch (...) {
    if (replaced) {
      fs::rename(aside, impl_->folder);
    }
    throw;
  }
  std::error_code ignored;
  fs::remove_all(aside, ignored);
  impl_->finished = true;
}

}  // namespace stgmamba::data
