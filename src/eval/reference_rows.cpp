// SPDX-License-Identifier: MIT
#include "stgmamba/eval/reference_rows.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/infer/retrieval.hpp"
#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::eval {

namespace {

using infer::kWindowFrames;
using metrics::Clip;
using metrics::DanceSet;
using skeleton::Motion;

constexpr double kTremor = 0.2;  // px

/// A row whose dances to one song differ by dancer, as the real ones do.
DanceSet one_seed(const TestBed& bed, std::vector<Clip> clips) {
  DanceSet dances;
  dances.draws = bed.same_music(clips);
  dances.seeds.push_back(std::move(clips));
  return dances;
}

template <typename Make>
DanceSet seeded(const TestBed& bed, const std::vector<std::uint64_t>& seeds, const Make& make) {
  DanceSet dances;
  for (const std::uint64_t seed : seeds) {
    dances.seeds.push_back(make(seed));
  }
  dances.draws = bed.same_music(dances.seeds.front());
  return dances;
}

/// The real dances, each with the beats of another song.
DanceSet with_other_beats(const TestBed& bed) {
  std::vector<Clip> clips = bed.yardstick().clips();
  for (std::size_t p = 0; p < clips.size(); ++p) {
    const std::ptrdiff_t other = bed.other_song(p);
    clips[p].beats = other < 0 ? std::vector<double>() : bed.yardstick().clips()[static_cast<std::size_t>(other)].beats;
  }
  return one_seed(bed, std::move(clips));
}

std::vector<Clip> trembling(const TestBed& bed, std::uint64_t seed) {
  return bed.clips([&](std::size_t place) {
    Motion motion = metrics::still_motion(bed.yardstick().mean_pose(), kWindowFrames, data::kFps);
    util::Random random(seed, "mean pose noise", place);
    for (float& value : motion.xy) {
      value += static_cast<float>(kTremor * random.normal());
    }
    return motion;
  });
}

Motion frozen(const Motion& motion) {
  const std::vector<float> pose(motion.xy.begin(),
                                motion.xy.begin() + static_cast<std::ptrdiff_t>(2) * skeleton::kJoints);
  return metrics::still_motion(pose, motion.frames(), motion.fps);
}

std::vector<Clip> replayed(const TestBed& bed, const std::vector<const Motion*>& training, std::uint64_t seed) {
  return bed.clips([&](std::size_t place) {
    util::Random random(seed, "replay", place);
    const Motion& take = *training[static_cast<std::size_t>(random.integer(std::ssize(training)))];
    return skeleton::slice(take, random.integer(take.frames() - kWindowFrames + 1), kWindowFrames);
  });
}

std::vector<Clip> retrieved(const TestBed& bed, const infer::MotionLibrary& library,
                            const std::vector<infer::BeatMusic>& music, std::uint64_t seed) {
  return bed.cut([&](std::size_t take) {
    return library.dance(music[take], bed.takes()[take].seconds, seed, static_cast<std::int64_t>(take));
  });
}

/// Song and time of a place, in milliseconds of the song.
std::pair<std::size_t, std::int64_t> stretch_of(const TestBed& bed, std::size_t p) {
  const TestBed::Place& place = bed.places()[p];
  const std::int64_t millis = std::llround(1000.0 * bed.takes()[place.take].start);
  return {place.song, millis + place.frame * 100};
}

/// The places of every stretch of a song; nothing when one was danced to once.
std::map<std::pair<std::size_t, std::int64_t>, std::vector<std::size_t>> shared_stretches(const TestBed& bed) {
  std::map<std::pair<std::size_t, std::int64_t>, std::vector<std::size_t>> stretches;
  for (std::size_t p = 0; p < bed.places().size(); ++p) {
    stretches[stretch_of(bed, p)].push_back(p);
  }
  const bool alone =
      std::any_of(stretches.begin(), stretches.end(), [](const auto& stretch) { return stretch.second.size() < 2; });
  if (alone) {
    stretches.clear();
  }
  return stretches;
}

/// The next dance, cyclically, of each place's song at the same time of it; nothing when a place has none.
std::vector<Clip> other_dances(const TestBed& bed) {
  const auto stretches = shared_stretches(bed);
  if (stretches.empty()) {
    return {};
  }
  return bed.clips([&](std::size_t p) {
    const std::vector<std::size_t>& places = stretches.at(stretch_of(bed, p));
    const auto self = static_cast<std::size_t>(std::find(places.begin(), places.end(), p) - places.begin());
    return bed.yardstick().clips()[places[(self + 1) % places.size()]].motion;
  });
}

/// Whether both the songs of the test and those of some training dance have known beats.
bool can_retrieve(const TestBed& bed) {
  const auto at_least = [](std::size_t count) {
    return [count](const data::TakeInfo& take) { return take.beats.size() >= count; };
  };
  const std::vector<data::TakeInfo> training = bed.dataset().split("train", bed.styles());
  return std::all_of(bed.takes().begin(), bed.takes().end(), at_least(2)) &&
         std::any_of(training.begin(), training.end(), at_least(infer::kPhraseBeats + 1));
}

/// Training dances that hold a window.
std::vector<const Motion*> replayable(const TestBed& bed) {
  std::vector<const Motion*> training;
  for (const Motion& motion : bed.yardstick().training()) {
    if (motion.frames() >= kWindowFrames) {
      training.push_back(&motion);
    }
  }
  return training;
}

ReferenceRow retrieval_row(const TestBed& bed, const std::vector<std::uint64_t>& seeds) {
  const auto library = infer::MotionLibrary::from_dataset(bed.dataset(), "train", bed.styles());
  std::vector<infer::BeatMusic> music;
  for (const data::TakeInfo& take : bed.takes()) {
    music.push_back(infer::beat_music(bed.dataset().load(take).audio, take.beats));
  }
  return {"retrieval", "beat-warped retrieval",
          seeded(bed, seeds, [&](std::uint64_t seed) { return retrieved(bed, library, music, seed); })};
}

}  // namespace

std::vector<ReferenceRow> reference_rows(const TestBed& bed, const std::vector<std::uint64_t>& seeds) {
  const std::vector<Clip>& real = bed.yardstick().clips();
  std::vector<ReferenceRow> rows;
  rows.push_back({"real", "real", one_seed(bed, real)});
  rows.push_back({"real_other", "real, another song", with_other_beats(bed)});
  rows.push_back({"mean_pose", "mean pose", one_seed(bed, bed.clips([&](std::size_t) {
                    return metrics::still_motion(bed.yardstick().mean_pose(), kWindowFrames, data::kFps);
                  }))});
  rows.push_back({"mean_pose_noise", "mean pose + 0.2 px",
                  seeded(bed, seeds, [&](std::uint64_t seed) { return trembling(bed, seed); })});
  rows.push_back({"frozen", "frozen first pose",
                  one_seed(bed, bed.clips([&](std::size_t place) { return frozen(real[place].motion); }))});
  const std::vector<const Motion*> training = replayable(bed);
  if (!training.empty()) {
    rows.push_back({"replay", "replay of training dances",
                    seeded(bed, seeds, [&](std::uint64_t seed) { return replayed(bed, training, seed); })});
  }
  if (!training.empty() && can_retrieve(bed)) {
    rows.push_back(retrieval_row(bed, seeds));
  }
  if (std::vector<Clip> others = other_dances(bed); !others.empty()) {
    rows.push_back({"another_dance", "another true dance", one_seed(bed, std::move(others))});
  }
  return rows;
}

std::vector<std::string> reference_names(const TestBed& bed) {
  std::vector<std::string> names = {"real", "real_other", "mean_pose", "mean_pose_noise", "frozen"};
  const bool training = !replayable(bed).empty();
  if (training) {
    names.emplace_back("replay");
  }
  if (training && can_retrieve(bed)) {
    names.emplace_back("retrieval");
  }
  if (!shared_stretches(bed).empty()) {
    names.emplace_back("another_dance");
  }
  return names;
}

}  // namespace stgmamba::eval
