// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/dataset.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

#include "data/folder.hpp"
#include "data/music_cache.hpp"

namespace stgmamba::data {

void Dataset::choose_beats(const std::string& choice) {
  if (std::find(kBeatChoices.begin(), kBeatChoices.end(), choice) == kBeatChoices.end()) {
    throw UsageError("beats must be one of {}, got '{}'", util::join(kBeatChoices, ", "), choice);
  }
  std::vector<TakeInfo*> tracked;
  for (TakeInfo& info : takes_) {
    if (choice == "tracker" || (choice == "auto" && info.beats.empty())) {
      tracked.push_back(&info);
    }
  }
  const MusicCache cache(folder_, keeps_music_);
  std::optional<util::Progress> progress;  // shown once there is something to wait for
  for (std::size_t i = 0; i < tracked.size(); ++i) {
    if (util::stop_requested()) {
      throw StoppedError("stopped while tracking beats; the {} takes done are kept, run the same command again", i);
    }
    tracked[i]->beats = cache.beats(*tracked[i], [&] {
      if (!progress) {
        progress.emplace("beats", std::ssize(tracked), "take", static_cast<std::int64_t>(i));
      }
      return media::decode_audio(folder_ / kClipsFolder / tracked[i]->id / kAudioFile, kSampleRate);
    });
    if (progress) {
      progress->update(static_cast<std::int64_t>(i) + 1);
    }
  }
  if (progress) {
    progress->finish();
  }
  const auto bare =
      std::count_if(takes_.begin(), takes_.end(), [](const TakeInfo& info) { return info.beats.empty(); });
  util::log().info("{}: beats of the music: {} takes have true ones, {} tracked ones, {} none", folder_.string(),
                   std::ssize(takes_) - std::ssize(tracked) - (choice == "truth" ? bare : 0),
                   std::ssize(tracked) - (choice == "truth" ? 0 : bare), bare);
}

}  // namespace stgmamba::data
