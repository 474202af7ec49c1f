// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>

#include "stgmamba/util/error.hpp"

#include "data/importer.hpp"
#include "data/motion_beats.hpp"
#include "data/song_warp.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

/// "60_01" -> "01": partners of one performance share the number. Empty when the name is of another kind.
std::string take_number(const std::string& stem) {
  const auto digits = [](const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::size_t bar = stem.find('_');
  if (bar == std::string::npos || !digits(stem.substr(0, bar)) || !digits(stem.substr(bar + 1))) {
    return {};
  }
  return stem.substr(bar + 1);
}

/// Hands songs out: sources take turns over the songs, and a song goes on where the source before left it.
class SongBook {
 public:
  explicit SongBook(const Joints3dOptions& options)
      : options_(options), next_(options.songs.size(), options.song_start) {}

  /// A new source; `before` is how long the last one danced.
  void turn(double before) {
    if (options_.songs.empty()) {
      return;  // silent
    }
    if (source_ >= 0) {
      next_[song()] += before;
    }
    ++source_;
  }

  std::string name() const { return path().parent_path().filename().string() + "/" + path().filename().string(); }
  double now() const { return next_[song()]; }

  media::Audio play(double seconds) {
    const auto found = lengths_.find(song());
    const double length = found != lengths_.end() ? found->second : (lengths_[song()] = media::audio_seconds(path()));
    if (now() + seconds > length) {
      next_[song()] = options_.song_start;
    }
    return cut(now(), seconds);
  }
  media::Audio cut(double start, double seconds) const {
    return media::decode_audio(path(), kSampleRate, {start, seconds});
  }

  /// The song's beats for a dance: see `danced_beats`. Throws DataError when it has no two.
  const std::vector<double>& beats() {
    const auto found = beats_.find(song());
    if (found != beats_.end()) {
      return found->second;
    }
    std::vector<double> danced = danced_beats(media::decode_audio(path(), kSampleRate), options_.warp);
    if (danced.size() < 2) {
      throw DataError("{}: no beats are heard to dance to; state its tempo with --bpm", path().string());
    }
    return beats_[song()] = std::move(danced);
  }
  /// So many of them that follow each other from now on, or from the start where the song ends before. Empty: it is too
  /// short.
  std::vector<double> beats_ahead(std::size_t count) {
    const std::vector<double>& all = beats();
    const auto from = [&](double seconds) { return std::lower_bound(all.begin(), all.end(), seconds - 1e-9); };
    if (all.end() - from(now()) < static_cast<std::ptrdiff_t>(count)) {
      next_[song()] = options_.song_start;
    }
    const auto first = from(now());
    return all.end() - first < static_cast<std::ptrdiff_t>(count)
               ? std::vector<double>()
               : std::vector<double>(first, first + static_cast<std::ptrdiff_t>(count));
  }

 private:
  std::size_t song() const { return static_cast<std::size_t>(source_) % options_.songs.size(); }
  const fs::path& path() const { return options_.songs[song()]; }

  const Joints3dOptions& options_;
  std::vector<double> next_;  // s, per song
  std::map<std::size_t, double> lengths_;
  std::map<std::size_t, std::vector<double>> beats_;
  std::int64_t source_ = -1;
};

void require_usable(const Joints3dOptions& joints3d, bool allow_silent) {
  const WarpOptions& warp = joints3d.warp;
  if (!(joints3d.speed >= 0.1 && joints3d.speed <= 10)) {
    throw UsageError("--speed must lie between 0.1 and 10, got {}", joints3d.speed);
  }
  if (joints3d.songs.empty() && !allow_silent) {
    throw UsageError("3-D motion has no sound of its own; give songs, or allow silence with --allow-silent");
  }
  if (!warp.on) {
    return;
  }
  if (joints3d.songs.empty()) {
    throw UsageError("--warp beats needs songs to dance to; give them with --song");
  }
  if (warp.first_beat && warp.song_bpm <= 0) {
    throw UsageError("--first-beat needs the songs' tempo, --bpm");
  }
  if (!(warp.max_rate > 1.0 && warp.max_rate <= 4.0) || warp.every < 1 || warp.every > 16) {
    throw UsageError("--max-rate must lie above 1 and at most 4 and --every between 1 and 16, got {} and {}",
                     warp.max_rate, warp.every);
  }
}

/// What the card must not leave out, whatever origin the user states.
std::string notice_of(const Joints3dOptions& joints3d) {
  if (joints3d.songs.empty()) {
    return kSilentNotice;
  }
  std::string text = "the music was paired with the motion afterwards, nobody danced to it";
  if (joints3d.warp.on) {
    text += fmt::format(
        "; each take was warped linearly from beat to beat, so that its own slow moments fall on {} of the song's "
        "beats, at rates from {:.2f} to {:.2f}: pairing and warp are the importer's; the beats in the index are those "
        "danced to, {}",
        joints3d.warp.every == 1 ? std::string("all") : fmt::format("one in {}", joints3d.warp.every),
        1.0 / joints3d.warp.max_rate, joints3d.warp.max_rate,
        joints3d.warp.first_beat ? "stated with the song" : "as the tracker heard them");
  }
  return text;
}

/// One import under way: sources in turn, their members on one stretch of a song.
class Joints3dImport {
 public:
  Joints3dImport(const Joints3dOptions& joints3d, std::string style, Importer& importer)
      : joints3d_(joints3d), style_(std::move(style)), importer_(importer), book_(joints3d) {}

  void add_source(const std::string& source, const std::vector<fs::path>& members) {
    book_.turn(longest_);
    longest_ = 0.0;
    for (const fs::path& file : members) {
      Take take;
      take.motion = skeleton::project(skeleton::read_joints3d(file).motion, joints3d_.project);
      take.motion.fps *= joints3d_.speed;
      if (!importer_.seen_enough(file.filename().string(), take.motion)) {
        continue;
      }
      take.info.id = as_id(file.stem().string());
      take.info.source = source;
      take.info.style = style_;
      joints3d_.warp.on ? add_warped(take) : add_even(std::move(take));
    }
  }
  /// What the warp did, for the report.
  std::vector<std::string> notes() const;

 private:
  void add_even(Take&& take) {
    const double seconds = take.motion.seconds();
    longest_ = std::max(longest_, seconds);
    if (joints3d_.songs.empty()) {
      take.audio = silence(seconds);
    } else {
      take.info.song = book_.name();
      take.audio = book_.play(seconds);
    }
    importer_.add(std::move(take));
  }
  void add_warped(const Take& whole);

  const Joints3dOptions& joints3d_;
  std::string style_;
  Importer& importer_;
  SongBook book_;
  double longest_ = 0.0;  // s of song that the source's members took
  WarpedTake total_;      // counts and scores, no pieces
  std::int64_t gaps_ = 0;
};

void Joints3dImport::add_warped(const Take& whole) {
  const WarpOptions& warp = joints3d_.warp;
  const std::vector<double> own =
      steady_beats(whole.motion, warp.motion_bpm > 0 ? warp.motion_bpm : tempo_of(book_.beats()));
  const std::vector<double> danced = book_.beats_ahead(own.size());
  if (own.size() < 2 || danced.empty()) {
    importer_.skip(whole.info.id,
                   own.size() < 2 ? std::string("the motion keeps no beat")
                                  : fmt::format("{} has fewer than {} beats to dance to", book_.name(), own.size()));
    return;
  }
  longest_ = std::max(longest_, danced.back() - book_.now() + 1e-3);  // the next source begins on the beat after
  WarpedTake warped = warp_take(whole.motion, own, danced, warp.max_rate);
  gaps_ += std::ssize(own) - 1;
  total_.refused += warped.refused;
  total_.too_short += warped.too_short;
  total_.even += warped.even;
  total_.warped += warped.warped;
  if (warped.pieces.empty()) {
    importer_.skip(whole.info.id, fmt::format("no {:.0f} s of it can be warped at a rate below {:.2f}", kShortestPiece,
                                              warp.max_rate));
  }
  for (std::size_t i = 0; i < warped.pieces.size(); ++i) {
    WarpedTake::Piece& piece = warped.pieces[i];
    Take take;
    take.info = whole.info;
    take.info.id += warped.pieces.size() > 1 ? fmt::format("_p{}", i + 1) : "";
    take.info.song = book_.name();
    take.info.start = piece.taken;
    take.audio = book_.cut(piece.beats.front(), piece.beats.back() - piece.beats.front());
    take.motion = std::move(piece.motion);
    for (const double beat : piece.beats) {
      take.info.beats.push_back(beat - piece.beats.front());
    }
    take.info.beats.pop_back();  // where the sound ends
    importer_.add(std::move(take));
  }
}

std::vector<std::string> Joints3dImport::notes() const {
  if (!joints3d_.warp.on || total_.warped.clips == 0) {
    return {};
  }
  return {fmt::format("warped to the songs' beats: {} of {} gaps between beats left out, beyond a rate of {:.2f}; {} "
                      "stretches between them left out, under {:.0f} s",
                      total_.refused, gaps_, joints3d_.warp.max_rate, total_.too_short, kShortestPiece),
          fmt::format("beat consistency of {} pieces with the beats danced to: {:.3f} at one pace (BC* {:.3f}), {:.3f} "
                      "warped (BC* {:.3f})",
                      total_.warped.clips, total_.even.bc(), total_.even.bc_star(), total_.warped.bc(),
                      total_.warped.bc_star())};
}

}  // namespace

ImportReport import_joints3d(const std::vector<fs::path>& files, const std::string& style,
                             const Joints3dOptions& joints3d, const ImportOptions& options) {
  require_style(style);
  require_usable(joints3d, options.allow_silent);
  const bool partners = std::all_of(files.begin(), files.end(),
                                    [](const fs::path& file) { return !take_number(file.stem().string()).empty(); });
  std::map<std::string, std::vector<fs::path>> sources;
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string();
    sources[partners ? "take_" + take_number(stem) : as_id(stem)].push_back(file);
  }
  Importer importer(options, fmt::format("3-D motion of {} files, projected to 640x360", files.size()),
                    notice_of(joints3d));
  if (partners) {
    importer.report().notes.push_back("files named <subject>_<take>: the same take number is one source");
  }
  Joints3dImport import(joints3d, style, importer);
  for (auto& [source, members] : sources) {
    std::sort(members.begin(), members.end());
    import.add_source(source, members);
  }
  for (const std::string& note : import.notes()) {
    importer.report().notes.push_back(note);
  }
  return importer.finish();
}

}  // namespace stgmamba::data
