// SPDX-License-Identifier: MIT
#include "stgmamba/eval/test_bed.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/hash.hpp"

namespace stgmamba::eval {

namespace {

using infer::kWindowFrames;
using metrics::Clip;

skeleton::Motion load_motion(const data::Dataset& dataset, const data::TakeInfo& info) {
  skeleton::Motion motion = skeleton::resample(dataset.load(info).motion, data::kFps);
  try {
    skeleton::fill_missing(motion);
  } catch (const DataError& error) {
    throw DataError("{}: take {}: {}", dataset.folder().string(), info.id, error.what());
  }
  return motion;
}

std::vector<data::TakeInfo> wanted_takes(const data::Dataset& dataset, const TestBedOptions& options) {
  if (options.takes.empty()) {
    return dataset.split(options.split, options.styles);
  }
  std::vector<data::TakeInfo> takes;
  for (const data::TakeInfo& take : dataset.takes()) {
    if (std::find(options.takes.begin(), options.takes.end(), take.id) != options.takes.end()) {
      takes.push_back(take);
    }
  }
  return takes;
}

}  // namespace

std::string song_of(const data::TakeInfo& take) {
  return take.song.empty() ? take.source : take.song;
}

TestBed::TestBed(data::Dataset dataset, const TestBedOptions& options)
    : options_(options), dataset_(std::move(dataset)), takes_(wanted_takes(dataset_, options)) {
  std::map<std::string, std::size_t> numbers;
  std::vector<skeleton::Motion> whole;
  for (std::size_t t = 0; t < takes_.size(); ++t) {
    whole.push_back(load_motion(dataset_, takes_[t]));
    if (takes_[t].beats.empty() && options_.tracker) {
      takes_[t].beats = options_.tracker(dataset_.load(takes_[t]).audio);
    }
    const std::string song = song_of(takes_[t]);
    const auto [at, added] = numbers.emplace(song, songs_.size());
    if (added) {
      songs_.push_back(song);
    }
    for (std::int64_t frame = 0; frame + kWindowFrames <= whole.back().frames(); frame += kWindowFrames) {
      places_.push_back({t, at->second, frame});
    }
  }
  metrics::DanceSet real;
  real.seeds.push_back(cut([&](std::size_t take) { return whole[take]; }));
  real.draws = same_music(real.seeds.front());
  std::vector<skeleton::Motion> training;
  if (options_.training) {
    for (const data::TakeInfo& take : dataset_.split("train", options_.styles)) {
      training.push_back(load_motion(dataset_, take));
    }
  }
  if (places_.empty()) {
    throw DataError("{}: no take of the split '{}' lasts 5 s, so there is nothing to score", dataset_.folder().string(),
                    options_.split);
  }
  yardstick_ = std::make_unique<metrics::Yardstick>(songs_.size(), std::move(real), std::move(training));
}

std::string TestBed::hash() const {
  std::string text = dataset_.hash() + "/" + options_.split;
  for (const Place& place : places_) {
    text += fmt::format("/{}@{}", takes_[place.take].id, place.frame);
  }
  return util::hash_text(text);
}

std::vector<Clip> TestBed::clips(const std::function<skeleton::Motion(std::size_t place)>& motion) const {
  std::vector<Clip> clips;
  for (std::size_t p = 0; p < places_.size(); ++p) {
    const Place& place = places_[p];
    Clip clip{motion(p), {}, place.song, p};
    const double start = static_cast<double>(place.frame) / data::kFps;
    for (const double beat : takes_[place.take].beats) {
      if (beat >= start && beat < start + static_cast<double>(kWindowFrames) / data::kFps) {
        clip.beats.push_back(beat - start);
      }
    }
    clips.push_back(std::move(clip));
  }
  return clips;
}

std::vector<Clip> TestBed::cut(const std::function<skeleton::Motion(std::size_t take)>& motion) const {
  std::size_t loaded = takes_.size();
  skeleton::Motion whole;
  return clips([&](std::size_t p) {
    const Place& place = places_[p];
    if (loaded != place.take) {  // places of one take stand together
      whole = motion(place.take);
      loaded = place.take;
    }
    if (whole.frames() < place.frame + kWindowFrames) {
      throw DataError("{}: the dance must last as long as the take, at least {:g} s, got {:g} s", takes_[place.take].id,
                      static_cast<double>(place.frame + kWindowFrames) / data::kFps, whole.seconds());
    }
    return skeleton::slice(whole, place.frame, kWindowFrames);
  });
}

std::vector<metrics::Draws> TestBed::same_music(const std::vector<Clip>& clips) const {
  std::map<std::pair<std::string, std::int64_t>, metrics::Draws> groups;
  for (std::size_t p = 0; p < clips.size(); ++p) {
    const Place& place = places_[p];
    const data::TakeInfo& take = takes_[place.take];
    if (take.song.empty()) {
      continue;
    }
    // Takes of one song may start at different places of it.
    const std::int64_t millis = std::llround(1000.0 * (take.start + static_cast<double>(place.frame) / data::kFps));
    metrics::Draws& group = groups[{take.song, millis}];
    group.song = place.song;
    group.dances.push_back(clips[p].motion);
  }
  std::vector<metrics::Draws> draws;
  for (auto& [key, group] : groups) {
    if (group.dances.size() > 1) {
      draws.push_back(std::move(group));
    }
  }
  return draws;
}

std::ptrdiff_t TestBed::other_song(std::size_t place) const {
  std::ptrdiff_t any = -1;
  for (std::size_t step = 1; step < places_.size(); ++step) {
    const std::size_t at = (place + step) % places_.size();
    if (places_[at].song == places_[place].song || yardstick_->clips()[at].beats.size() < 2) {
      continue;
    }
    if (takes_[places_[at].take].style == takes_[places_[place].take].style) {
      return static_cast<std::ptrdiff_t>(at);
    }
    any = any < 0 ? static_cast<std::ptrdiff_t>(at) : any;
  }
  return any;
}

}  // namespace stgmamba::eval
