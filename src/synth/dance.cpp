// SPDX-License-Identifier: MIT
#include "stgmamba/synth/dance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "stgmamba/skeleton/project.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

#include "body.hpp"
#include "figures.hpp"

namespace stgmamba::synth {

namespace {

using util::Random;

constexpr double kJitter = 0.035;   // s, how exactly people hit a beat
constexpr double kSkip = 0.10;      // share of beats danced through, never two in a row
constexpr double kFaithful = 0.80;  // share of phrases danced in the section's own family
constexpr int kPhraseBars = 4;      // a figure is kept that long
constexpr double kSameBeat = 0.25;  // s, where two clocks meet, beats nearer than this are one
constexpr double kAmplitudeNoise = 0.10;
constexpr double kFrozen = 0.3;  // share of a move that is left where the music stops: a tick

/// One beat as the dancer takes it.
struct HeardBeat {
  double at = 0.0, energy = 0.5;
  int in_bar = 0;
  SectionKind kind = SectionKind::kVerse;
  bool stop = false;
  bool new_phrase = false;
};

std::vector<HeardBeat> hear(const Song& song) {
  std::vector<HeardBeat> beats;
  for (const Section& section : song.sections) {
    int bar = -1;
    for (int i = 0; i < section.beats; ++i) {
      const auto k = static_cast<std::size_t>(section.first_beat + i);
      bar += i == 0 || song.beat_in_bar[k] == 0 ? 1 : 0;
      const bool new_bar = i == 0 || song.beat_in_bar[k] == 0;
      beats.push_back({song.beats[k], song.energy[k], song.beat_in_bar[k], section.kind, song.stop[k] != 0,
                       new_bar && bar % kPhraseBars == 0});
    }
  }
  return beats;
}

/// The music in phrases; those that are not coupled come from another piece that only this dancer hears.
std::vector<HeardBeat> follow(const Song& song, Random& random, std::uint64_t dance_seed, double coupling) {
  const std::vector<HeardBeat> truth = hear(song);
  SongSpec other;
  other.seed = dance_seed * 2654435761U + song.spec.seed;
  other.style = song.spec.style;
  other.seconds = std::max(4.0, song.spec.seconds);
  const std::vector<HeardBeat> own = hear(make_score(other));
  std::vector<HeardBeat> beats;
  const auto append = [&](const HeardBeat& beat) {
    if (beats.empty() || beat.at - beats.back().at > kSameBeat) {
      beats.push_back(beat);
    }
  };
  double from = 0.0;
  for (std::size_t i = 0; i < truth.size();) {
    std::size_t end = i + 1;
    while (end < truth.size() && !truth[end].new_phrase) {
      ++end;
    }
    const double until = end < truth.size() ? truth[end].at : song.spec.seconds + 1.0;
    if (random.uniform() < coupling) {
      std::for_each(truth.begin() + static_cast<std::ptrdiff_t>(i), truth.begin() + static_cast<std::ptrdiff_t>(end),
                    append);
    } else {
      std::for_each(own.begin(), own.end(), [&](const HeardBeat& beat) {
        if (beat.at >= from && beat.at < until) {
          append(beat);
        }
      });
    }
    from = until;
    i = end;
  }
  return beats;
}

/// What is the dancer's own.
struct Dancer {
  Body body;
  double vigour = 1.0;
  Pose habit{};                                           // added to every pose
  std::array<std::array<double, 3>, kChannels> wander{};  // slow sway: size, frequency in Hz, phase
};

Dancer draw_dancer(Random& random, Style style, double diversity) {
  Dancer dancer;
  dancer.body = draw_body(random, diversity);
  dancer.body.turnout = manner_of(style).turnout;
  dancer.vigour = std::clamp(1.0 + 0.08 * diversity * random.normal(), 0.8, 1.2);
  const auto habit = [&](int channel, double size) {
    dancer.habit[static_cast<std::size_t>(channel)] = diversity * size * random.normal();
  };
  habit(kPitch, 2.0);
  habit(kHeadPitch, 4.0);
  habit(kRootX, 0.03);
  for (const int arm : {kLeftArm, kRightArm}) {
    habit(arm, 5.0);
    habit(arm + 1, 5.0);
    habit(arm + 2, 6.0);
  }
  for (std::size_t channel = 0; channel < kLeftFoot; ++channel) {
    const double size = channel <= kDrop ? 0.006 : channel < kLeftArm ? 0.9 : 1.6;
    dancer.wander[channel] = {manner_of(style).sway * size, random.uniform(0.12, 0.45),
                              random.uniform(0, 2 * std::numbers::pi)};
  }
  return dancer;
}

struct KeyFrame {
  double at = 0.0;
  Pose pose{};
};

/// Scales a key pose away from rest; planted feet scale with it, so that steps grow with energy too.
Pose scaled(const Pose& rest, const Pose& key, double amplitude) {
  Pose pose;
  for (std::size_t i = 0; i < pose.size(); ++i) {
    // Swivels only say which way the elbow bends: scaling them would turn the forearm, not shrink the move.
    const bool swivel = i == kLeftArm + 3 || i == kRightArm + 3;
    pose[i] = swivel ? key[i] : rest[i] + amplitude * (key[i] - rest[i]);
  }
  return pose;
}

/// What a section is taken for when it is not taken for what it is: one step calmer or livelier.
SectionKind next_to(SectionKind kind, Random& random) {
  const bool up = random.chance(0.5);
  return kind != SectionKind::kVerse ? SectionKind::kVerse : up ? SectionKind::kChorus : SectionKind::kCalm;
}

std::vector<KeyFrame> choreograph(const std::vector<HeardBeat>& beats, Style style, const Dancer& dancer,
                                  const DanceOptions& options, Random& random) {
  const Pose rest = rest_pose(style);
  std::vector<KeyFrame> keys;
  FigureBeat figure;
  double amplitude = 0.8;
  bool odd = true, skipped = true;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    const HeardBeat& beat = beats[i];
    if (i == 0 || beat.new_phrase) {
      const bool faithful = !random.chance(options.diversity * (1.0 - kFaithful));
      figure.family = faithful ? beat.kind : next_to(beat.kind, random);
      const auto choice = static_cast<int>(random.integer(kFigures));
      figure.figure = options.diversity > 0 ? choice : 0;
      odd = true;
    }
    if (i == 0 || beat.in_bar == 0 || beat.new_phrase) {
      odd = !odd;
      amplitude = dancer.vigour * std::clamp(0.42 + 0.78 * beat.energy + kAmplitudeNoise * random.normal(), 0.3, 1.3);
    }
    figure.in_bar = beat.in_bar;
    figure.odd_bar = odd;
    const double at = beat.at + kJitter * random.normal();
    const bool skip = !skipped && random.chance(kSkip / (1.0 - kSkip));
    skipped = skip;
    if (skip) {
      continue;
    }
    Pose pose = scaled(rest, key_pose(style, figure, options.diversity), amplitude);
    for (std::size_t c = 0; c < pose.size(); ++c) {
      pose[c] += dancer.habit[c];
    }
    if (i > 0 && beats[i - 1].stop) {  // still while the music is
      const Pose& before = keys.back().pose;
      for (std::size_t c = 0; c < pose.size(); ++c) {
        pose[c] = before[c] + kFrozen * (pose[c] - before[c]);
      }
    }
    keys.push_back({keys.empty() ? at : std::max(at, keys.back().at + 0.1), pose});
  }
  return keys;
}

double smooth(double u) {
  u = std::clamp(u, 0.0, 1.0);
  return u * u * u * (10 + u * (6 * u - 15));
}

/// Share of the path between two keys at share `u` of the time; `hold` is a beat's share of it: who dances through a
/// beat has longer for the way, not for the stops.
double progress(const Manner& manner, double u, double hold) {
  const double before = hold * manner.hold_before, after = hold * manner.hold_after;
  const double move = (u - before) / (1.0 - before - after);
  const double eased = manner.drift * (u * u * (3 - 2 * u)) + (1 - manner.drift) * smooth(move);
  return manner.eased * eased + (1 - manner.eased) * u;
}

Pose pose_between(const KeyFrame& a, const KeyFrame& b, double at, double period, const Manner& manner) {
  const double u = std::clamp((at - a.at) / (b.at - a.at), 0.0, 1.0);
  const double p = progress(manner, u, std::min(1.0, period / (b.at - a.at)));
  Pose pose;
  for (std::size_t c = 0; c < pose.size(); ++c) {
    pose[c] = a.pose[c] + p * (b.pose[c] - a.pose[c]);
  }
  for (const std::size_t foot : {kLeftFoot, kRightFoot}) {
    const double step = std::hypot(b.pose[foot] - a.pose[foot], b.pose[foot + 2] - a.pose[foot + 2]);
    pose[foot + 1] += std::min(manner.lift, 0.5 * step) * 4 * p * (1 - p);
  }
  // Down on the beat, up between: still at both.
  pose[kDrop] += manner.bounce * 0.5 * (1 + std::cos(2 * std::numbers::pi * u));
  return pose;
}

skeleton::Motion3 perform(const std::vector<KeyFrame>& keys, const Dancer& dancer, const Manner& manner, double period,
                          double seconds) {
  skeleton::Motion3 motion;
  motion.fps = kDanceFps;
  std::size_t next = 1;
  for (std::int64_t frame = 0; static_cast<double>(frame) / kDanceFps < seconds; ++frame) {
    const double at = static_cast<double>(frame) / kDanceFps;
    while (next + 1 < keys.size() && keys[next].at <= at) {
      ++next;
    }
    Pose pose = pose_between(keys[next - 1], keys[next], at, period, manner);
    for (std::size_t c = 0; c < pose.size(); ++c) {
      const auto& [size, frequency, phase] = dancer.wander[c];
      pose[c] += size * std::sin(2 * std::numbers::pi * frequency * at + phase);
    }
    for (const Vec3& joint : place_joints(dancer.body, pose)) {
      for (const double value : joint) {
        motion.xyz.push_back(static_cast<float>(value));
      }
    }
  }
  return motion;
}

}  // namespace

Dance make_dance(const Song& song, std::uint64_t dance_seed, const DanceOptions& options) {
  for (const double share : {options.coupling, options.diversity}) {
    if (!(share >= 0 && share <= 1)) {
      throw UsageError("synthetic dance: coupling and diversity must be 0 to 1, got {}", share);
    }
  }
  if (song.beats.size() < 2) {
    throw UsageError("synthetic dance: the song needs at least two beats, got {}", song.beats.size());
  }
  const Style style = song.spec.style;
  Random random(dance_seed, "synth/dance", song.spec.seed, static_cast<std::uint64_t>(style));
  const Dancer dancer = draw_dancer(random, style, options.diversity);
  const std::vector<HeardBeat> beats = follow(song, random, dance_seed, options.coupling);
  std::vector<KeyFrame> keys = choreograph(beats, style, dancer, options, random);
  // Dancing before the first beat heard and after the last.
  const double period = 60.0 / song.spec.tempo;
  const std::size_t bar = std::min<std::size_t>(keys.size(), static_cast<std::size_t>(song.beats_per_bar));
  while (keys.front().at > 0) {
    keys.insert(keys.begin(), {keys.front().at - period, keys[bar - 1].pose});
  }
  while (keys.size() < 2 || keys.back().at < song.spec.seconds) {
    keys.push_back({keys.back().at + period, keys[keys.size() - std::min(bar, keys.size())].pose});
  }
  Dance dance;
  dance.motion3 = perform(keys, dancer, manner_of(style), period, song.spec.seconds);
  dance.motion = skeleton::project(dance.motion3);
  return dance;
}

}  // namespace stgmamba::synth
