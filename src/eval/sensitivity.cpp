// SPDX-License-Identifier: MIT
#include "stgmamba/eval/sensitivity.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/eval/clip_maker.hpp"
#include "stgmamba/metrics/beat.hpp"
#include "stgmamba/metrics/features.hpp"
#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"

namespace stgmamba::eval {

namespace {

using skeleton::Motion;

constexpr double kDelay = 0.25;  // s
constexpr double kTempos[] = {80, 100, 120, 140, 160};
constexpr double kLargestLag = 0.5, kLagStep = 0.025;  // s
constexpr double kSeconds = 5.0;

/// One stretch of music with its surroundings.
struct Music {
  media::Audio audio;         // of the whole take
  std::vector<double> beats;  // of the whole take
  double start = 0.0;
  std::int64_t number = 0;    // of the place: what z depends on
  std::vector<double> other;  // beats of another song, from the clip's start
};

/// 5 s of sound that begin at `start` s and run `speed` times as fast; silence outside.
std::vector<float> sound_at(const media::Audio& audio, double start, double speed) {
  std::vector<float> out(static_cast<std::size_t>(kClipSamples), 0.0F);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double at = start * audio.rate + speed * static_cast<double>(i);
    const double floor = std::floor(at);
    if (floor >= 0 && floor + 1 < static_cast<double>(audio.samples.size())) {
      const auto low = static_cast<std::size_t>(floor);
      const auto share = static_cast<float>(at - floor);
      out[i] = (1.0F - share) * audio.samples[low] + share * audio.samples[low + 1];
    }
  }
  return out;
}

/// The beats that sound_at() lets hear, from its start.
std::vector<double> beats_at(const Music& music, double start, double speed) {
  std::vector<double> heard;
  for (const double beat : music.beats) {
    const double at = (beat - start) / speed;
    if (at >= 0 && at < kSeconds) {
      heard.push_back(at);
    }
  }
  return heard;
}

double tempo_of(const std::vector<double>& beats) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < beats.size(); ++i) {
    gaps.push_back(beats[i] - beats[i - 1]);
  }
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
  return 60.0 / gaps[gaps.size() / 2];
}

std::vector<Music> choose_music(const TestBed& bed, std::int64_t count) {
  std::vector<std::size_t> known;
  for (std::size_t p = 0; p < bed.places().size(); ++p) {
    if (bed.yardstick().clips()[p].beats.size() >= 2) {
      known.push_back(p);
    }
  }
  if (known.empty()) {
    throw DataError(
        "{}: no stretch of the split '{}' has known beats, so nothing can be asked of a model; take a "
        "corpus with beats (stg_data synth)",
        bed.dataset().folder().string(), bed.split());
  }
  std::vector<Music> chosen;
  const std::int64_t all = std::ssize(known);
  for (std::int64_t i = 0; i < std::min(count, all); ++i) {
    const std::size_t place = known[static_cast<std::size_t>(i * all / std::min(count, all))];
    const TestBed::Place& where = bed.places()[place];
    Music music;
    music.audio = bed.dataset().load(bed.takes()[where.take]).audio;
    music.beats = bed.takes()[where.take].beats;
    music.start = static_cast<double>(where.frame) / data::kFps;
    music.number = static_cast<std::int64_t>(place);
    const std::ptrdiff_t other = bed.other_song(place);
    if (other >= 0) {
      music.other = bed.yardstick().clips()[static_cast<std::size_t>(other)].beats;
    }
    chosen.push_back(std::move(music));
  }
  return chosen;
}

/// Dances to every piece as `sound` makes it, always with the same z.
template <typename Sound>
std::vector<Motion> dances(const infer::MotionModel& model, const std::vector<Music>& music, std::uint64_t seed,
                           util::Progress& progress, std::int64_t& done, const Sound& sound) {
  std::vector<Motion> motions;
  for (const Music& piece : music) {
    if (util::stop_requested()) {
      throw StoppedError("stopped after {} dances; run the same command again", done);
    }
    motions.push_back(make_clips(model, sound(piece), {piece.number}, seed, "eval").front());
    progress.update(++done);
  }
  return motions;
}

template <typename Beats>
double beat_score(const std::vector<Motion>& motions, const std::vector<Music>& music,
                  const metrics::BeatOptions& options, const Beats& beats) {
  metrics::BeatScore score;
  for (std::size_t i = 0; i < motions.size(); ++i) {
    score += metrics::beat_consistency(motions[i], beats(music[i]), options);
  }
  return score.bc_star();
}

/// Kinematic beats a minute, pooled; NaN where there are too few.
double motion_rate(const std::vector<Motion>& motions, const metrics::BeatOptions& options) {
  double count = 0.0, seconds = 0.0;
  for (const Motion& motion : motions) {
    const std::vector<double> beats = metrics::kinematic_beats(motion, options);
    if (beats.size() >= 2) {
      count += static_cast<double>(beats.size() - 1);
      seconds += beats.back() - beats.front();
    }
  }
  return seconds > 0 ? 60.0 * count / seconds : std::numeric_limits<double>::quiet_NaN();
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sx += x[i], sy += y[i], sxx += x[i] * x[i], syy += y[i] * y[i], sxy += x[i] * y[i];
  }
  const double spread = (n * sxx - sx * sx) * (n * syy - sy * sy);
  return spread > 0 ? (n * sxy - sx * sy) / std::sqrt(spread) : 0.0;
}

double mean_change(const std::vector<Motion>& a, const std::vector<Motion>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += metrics::l1(a[i], b[i]) / static_cast<double>(a.size());
  }
  return sum;
}

/// Steps from frame to frame without the clip's mean step. [F - 1, 36]
metrics::Features steps_around_mean(const Motion& motion) {
  metrics::Features steps = metrics::velocity_features(motion);
  for (std::size_t k = 0; k < steps.width; ++k) {
    double mean = 0.0;
    for (std::size_t i = 0; i < steps.rows(); ++i) {
      mean += steps.values[i * steps.width + k] / static_cast<double>(steps.rows());
    }
    for (std::size_t i = 0; i < steps.rows(); ++i) {
      steps.values[i * steps.width + k] -= mean;
    }
  }
  return steps;
}

struct Agreement {
  double both = 0.0, first = 0.0, second = 0.0;
  double correlation() const { return first > 0 && second > 0 ? both / std::sqrt(first * second) : 0.0; }
};

/// `a` against `b` as it is `lag` frames later, linear between frames, where both exist.
void add_agreement(const metrics::Features& a, const metrics::Features& b, double lag, Agreement& sum) {
  for (std::size_t i = 0; i < a.rows(); ++i) {
    const double at = static_cast<double>(i) + lag, floor = std::floor(at);
    if (floor < 0 || floor + 1 >= static_cast<double>(b.rows())) {
      continue;
    }
    const auto low = static_cast<std::size_t>(floor);
    const double share = at - floor;
    for (std::size_t k = 0; k < a.width; ++k) {
      const double moved = (1 - share) * b.row(low)[k] + share * b.row(low + 1)[k];
      sum.both += a.row(i)[k] * moved;
      sum.first += a.row(i)[k] * a.row(i)[k];
      sum.second += moved * moved;
    }
  }
}

}  // namespace

double motion_lag(const std::vector<Motion>& earlier, const std::vector<Motion>& later) {
  double best = 0.0, top = -std::numeric_limits<double>::infinity();
  for (double lag = -kLargestLag; lag <= kLargestLag + 1e-9; lag += kLagStep) {
    Agreement sum;
    for (std::size_t n = 0; n < earlier.size(); ++n) {
      add_agreement(steps_around_mean(earlier[n]), steps_around_mean(later[n]), lag * earlier[n].fps, sum);
    }
    if (sum.correlation() > top) {
      top = sum.correlation();
      best = lag;
    }
  }
  return best;
}

bool SensitivityReport::ok() const {
  return std::all_of(rows.begin(), rows.end(), [](const SensitivityRow& row) { return row.ok(); });
}

std::string SensitivityReport::text() const {
  std::string out;
  for (const SensitivityRow& row : rows) {
    std::string gate;
    if (row.gate) {
      gate = std::isinf(row.high)  ? fmt::format(">= {:g}", row.low)
             : std::isinf(row.low) ? fmt::format("<= {:g}", row.high)
                                   : fmt::format("{:g} to {:g}", row.low, row.high);
    }
    out += fmt::format("{:<22} {:>8.3f}  {:<14} {:<7}  {}\n", row.name, row.value, gate,
                       !row.gate  ? ""
                       : row.ok() ? "ok"
                                  : "NOT MET",
                       row.what);
  }
  return out + (ok() ? "the dance follows the music" : "the dance does NOT follow the music in every test");
}

SensitivityReport music_sensitivity(const TestBed& bed, const infer::MotionModel& model,
                                    const SensitivityOptions& options) {
  const std::vector<Music> music = choose_music(bed, options.places);
  metrics::BeatOptions beat;
  beat.prominence = bed.yardstick().prominence();
  const auto pieces = static_cast<std::int64_t>(music.size());
  util::Progress progress("dance", pieces * (3 + std::ssize(kTempos)), "clip");
  std::int64_t done = 0;
  const auto make = [&](const auto& sound) { return dances(model, music, options.seed, progress, done, sound); };
  SensitivityReport report;

  const auto plain = make([](const Music& piece) { return sound_at(piece.audio, piece.start, 1.0); });
  const auto own_beats = [](const Music& piece) { return beats_at(piece, piece.start, 1.0); };
  const double own = beat_score(plain, music, beat, own_beats);
  report.rows.push_back({"BC* own song", "minima on the beats of the music that was heard", own, 0.1});
  report.rows.push_back({"BC* another song", "the same dances against another song's beats",
                         beat_score(plain, music, beat, [](const Music& piece) { return piece.other; }), -1.0,
                         own / 2.0});
  report.rows.back().gate = std::isfinite(report.rows.back().value);  // one song alone has no other

  const auto delayed = make([](const Music& piece) { return sound_at(piece.audio, piece.start - kDelay, 1.0); });
  const auto late_beats = [](const Music& piece) { return beats_at(piece, piece.start - kDelay, 1.0); };
  report.rows.push_back(
      {"lag, s", "of the dance when the music comes 0.25 s later", motion_lag(plain, delayed), 0.175, 0.325});
  report.rows.push_back(
      {"BC* delayed", "late dances on the late beats", beat_score(delayed, music, beat, late_beats), own / 2.0});
  report.rows.push_back({"BC* not delayed", "late dances on the beats of before",
                         beat_score(delayed, music, beat, own_beats), -1.0, own / 2.0});

  std::vector<double> tempos, rates;
  for (const double tempo : kTempos) {
    const auto speed = [&](const Music& piece) { return tempo / tempo_of(piece.beats); };
    // From the start of the take, so that fast playback has enough music left.
    const auto swept = make([&](const Music& piece) { return sound_at(piece.audio, 0.0, speed(piece)); });
    rates.push_back(motion_rate(swept, beat));
    tempos.push_back(tempo);
    const double score =
        beat_score(swept, music, beat, [&](const Music& piece) { return beats_at(piece, 0.0, speed(piece)); });
    report.rows.push_back({fmt::format("rate at {:g} a minute", tempo),
                           fmt::format("kinematic beats a minute; BC* {:.3f}", score), rates.back()});
    report.rows.back().gate = false;
  }
  report.rows.push_back({"tempo and rate, r", "correlation over the sweep", correlation(tempos, rates), 0.8});

  const auto deaf = make([](const Music&) { return std::vector<float>(static_cast<std::size_t>(kClipSamples), 0.0F); });
  report.rows.push_back(
      {"BC* in silence", "the same z without music", beat_score(deaf, music, beat, own_beats), -1.0, own / 2.0});
  report.rows.push_back({"change in silence, px", "mean change of a coordinate when the music is taken away",
                         mean_change(plain, deaf), 1.0});
  progress.finish();
  return report;
}

}  // namespace stgmamba::eval
