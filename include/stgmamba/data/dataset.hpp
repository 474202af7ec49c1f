// SPDX-License-Identifier: MIT
// The dataset folder: card.yaml, index.jsonl, splits/{train,val,test}.txt, clips/<id>/{audio.wav, pose.npz} and, where
// people are seen, video.mp4.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/media/audio.hpp"
#include "stgmamba/media/image.hpp"
#include "stgmamba/skeleton/motion.hpp"
#include "stgmamba/skeleton/pose_map.hpp"

namespace stgmamba::data {

inline const std::vector<std::string> kStyles = {"ballet", "popping", "kpop"};  // index = Batch::style

/// Which beats of the music a take has (config `data.beats`): the corpus's own; those that the beat tracker hears; or
/// the corpus's own where it has any and else the tracker's.
inline const std::vector<std::string> kBeatChoices = {"auto", "truth", "tracker"};

/// How a filmed picture was cut out for training (config of the importers): a square around the dancer's whole
/// trajectory; the whole picture with bars; or the whole picture, its aspect given up.
inline const std::vector<std::string> kFramings = {"square_crop", "letterbox", "stretch"};

/// Where a clip's video lies in the pose's pixels: video pixel = (pose pixel - (left, top)) * (scale, scale * stretch).
struct Framing {
  int width = 0, height = 0;  // of the video; 0: there is none
  double scale = 1.0, left = 0.0, top = 0.0;
  double stretch = 1.0;              // 1 unless the aspect was given up
  std::string kind = "square_crop";  // one of kFramings; inference frames its photo alike
};

/// The same for the video resized to width x height: where pose maps are drawn.
skeleton::Placement placement(const Framing& framing, int width, int height);

/// One row of index.jsonl: a take of any length.
struct TakeInfo {
  std::string id;      // folder name under clips/
  std::string source;  // source video (or performance); takes of one source never straddle a split
  std::string song;    // takes danced to one song share it; empty when unknown
  std::string style;
  double start = 0.0;  // s, where in the source it begins
  double seconds = 0.0;
  double fps = 30.0;
  std::int64_t frames = 0;
  std::map<std::string, std::string> hashes;  // file name -> util::hash_file
  std::vector<double> beats;                  // s, true beats where known
  std::vector<double> sections;               // s, section starts where known
  std::string person;                         // who is seen in the video; no person straddles a split
  Framing framing;
};

/// How most of the filmed takes were framed, one of kFramings; "square_crop" where none was.
std::string usual_framing(const std::vector<TakeInfo>& takes);

struct Take {
  TakeInfo info;
  media::Audio audio;       // 16 kHz mono
  skeleton::Motion motion;  // at info.fps, NaN where missing
  // The video's pictures, one a pose; written, not loaded: all at once, or one by one from a function that gives the
  // next one (false: none is left). Neither: no video.
  std::vector<media::Image> frames;
  std::function<bool(media::Image&)> film;
};

class Dataset {
 public:
  /// Throws DataError (with the `stg_data` command that makes or imports it) when the folder or a part is missing.
  static Dataset open(const std::filesystem::path& folder);
  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<TakeInfo>& takes() const { return takes_; }
  std::vector<TakeInfo> split(const std::string& name, const std::vector<std::string>& styles = {}) const;
  Take load(const TakeInfo& info) const;
  /// Gives every take the beats of that choice (`kBeatChoices`), and says on the log how many are the tracker's. What
  /// the tracker hears is kept in <folder>/cache/music; the first time takes about a second for ten minutes of music.
  void choose_beats(const std::string& choice);
  /// False: what is found in the music, here and by loaders of this dataset, is found again each time and not kept.
  void keep_music(bool keep) { keeps_music_ = keep; }
  bool keeps_music() const { return keeps_music_; }
  /// Hash over index and splits as they are on disk: identifies the data in run.json.
  std::string hash() const { return hash_; }

 private:
  std::filesystem::path folder_;
  std::string hash_;
  std::vector<TakeInfo> takes_;
  std::map<std::string, std::vector<std::string>> splits_;
  bool keeps_music_ = true;
};

/// Builds a dataset folder take by take; the folder appears (renamed into place) only on finish().
class DatasetWriter {
 public:
  struct Card {
    std::string name, licence, origin, made_by;  // free text; made_by = the command
  };
  DatasetWriter(std::filesystem::path folder, Card card, bool overwrite = false);
  ~DatasetWriter();
  void add(Take&& take);  // thread-safe; hashes and durations are filled in
  void set_split(const std::string& name, std::vector<std::string> ids);
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stgmamba::data
