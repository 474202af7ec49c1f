// SPDX-License-Identifier: MIT
#include "data/music_cache.hpp"

#include <algorithm>
#include <atomic>

#include "stgmamba/io/npz.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/log.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 16;  // of each hash in a name: 64 bits

template <typename T>
io::Array array_of(const std::vector<T>& values) {
  return io::Array::from<T>(std::span<const T>(values), {std::ssize(values)});
}

template <typename T>
std::vector<T> values_of(const io::Array& array) {
  const std::span<const T> values = array.as<T>();
  return {values.begin(), values.end()};
}

std::string hash_of_sound(const fs::path& dataset, const TakeInfo& info) {
  const auto known = info.hashes.find(kAudioFile);
  return known != info.hashes.end() ? known->second : util::hash_file(dataset / kClipsFolder / info.id / kAudioFile);
}

bool holds(const std::map<std::string, io::Array>& arrays, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) { return arrays.count(name) > 0; });
}

void keep(const fs::path& file, const std::map<std::string, io::Array>& arrays) {
  try {
    util::make_folders(file.parent_path());
    io::write_npz(file, arrays);
  } catch (const ResourceError& error) {
    static std::atomic<bool> said = false;
    if (!said.exchange(true)) {
      util::log().warn("{}; what is found in the music is not kept and will be found again", error.what());
    }
  }
}

}  // namespace

MusicCache::Arrays MusicCache::get(const TakeInfo& info, const std::string& parameters,
                                   const std::vector<std::string>& names, const std::function<Arrays()>& make) const {
  const std::string sound = hash_of_sound(dataset_, info), how = util::hash_text(parameters);
  const fs::path file =
      dataset_ / kCacheFolder / "music" / fmt::format("{}-{}.npz", sound.substr(0, kDigits), how.substr(0, kDigits));
  if (fs::exists(file)) {
    try {
      Arrays arrays = io::read_npz(file);
      if (holds(arrays, names)) {
        return arrays;
      }
      util::log().warn("{}: holds something else; made anew", file.string());
    } catch (const DataError& error) {
      util::log().warn("{}; made anew", error.what());
    }
  }
  Arrays arrays = make();
  if (keep_) {
    keep(file, arrays);
  }
  return arrays;
}

std::vector<double> MusicCache::beats(const TakeInfo& info, const Sound& sound) const {
  const music::BeatOptions options;
  const Arrays arrays = get(info, music::describe(options), {"beats"}, [&] {
    return Arrays{{"beats", array_of(music::find_beats(sound(), options).times)}};
  });
  return values_of<double>(arrays.at("beats"));
}

music::FeatureTrack MusicCache::features(const TakeInfo& info, const Sound& sound) const {
  const Arrays arrays = get(info, music::feature_version(), {"bands", "onsets"}, [&] {
    const music::FeatureTrack track = music::analyse_track(sound(), {});
    return Arrays{{"bands", array_of(track.bands)}, {"onsets", array_of(track.onsets)}};
  });
  music::FeatureTrack track;
  track.bands = values_of<float>(arrays.at("bands"));
  track.onsets = values_of<float>(arrays.at("onsets"));
  track.beats = beats(info, sound);
  return track;
}

}  // namespace stgmamba::data
