// SPDX-License-Identifier: MIT
#include "arrange.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stgmamba/util/random.hpp"

#include "instruments.hpp"

namespace stgmamba::synth {

namespace {

using util::Random;

constexpr std::array<int, 7> kMajor = {0, 2, 4, 5, 7, 9, 11};
constexpr std::array<int, 7> kMinor = {0, 2, 3, 5, 7, 8, 10};
constexpr int kRest = -100;
constexpr int kMotifSlots = 16;  // eighths over two bars (twelve of them in three-four)

/// What a composer decides once: key, chords and a motif for each kind of section, so that a chorus that returns
/// brings its motif back.
struct Material {
  double root = 110.0;  // Hz
  bool minor = false;
  std::array<std::array<int, 4>, kSectionKinds> chords{};  // scale degree of each bar's chord
  std::array<std::array<int, kMotifSlots>, kSectionKinds> motif{};
  std::array<char, 16> groove{};  // sixteenths of a bar on which the bass (popping: and the stabs) plays

  double pitch(int degree) const {
    const int octave = degree >= 0 ? degree / 7 : -((6 - degree) / 7);
    const int step = (minor ? kMinor : kMajor)[static_cast<std::size_t>(degree - 7 * octave)];
    return root * std::pow(2.0, octave + step / 12.0);
  }
  std::vector<double> chord(int degree, int octave) const {
    return {pitch(degree + 7 * octave), pitch(degree + 2 + 7 * octave), pitch(degree + 4 + 7 * octave)};
  }
};

Material compose(const SongSpec& spec) {
  constexpr std::array<std::array<int, 4>, 6> kProgressions = {
      {{0, 5, 3, 4}, {0, 4, 5, 3}, {5, 3, 0, 4}, {0, 3, 5, 4}, {3, 4, 2, 5}, {0, 2, 3, 4}}};
  Random random(spec.seed, "synth/material", static_cast<std::uint64_t>(spec.style));
  Material material;
  material.root = 82.4 * std::pow(2.0, static_cast<double>(random.integer(10)) / 12.0);
  material.minor = spec.style == Style::kPopping || (spec.style == Style::kKpop && random.chance(0.5));
  for (std::size_t kind = 0; kind < kSectionKinds; ++kind) {
    material.chords[kind] = kProgressions[static_cast<std::size_t>(random.integer(6))];
    const double density = kind == 2 ? 0.7 : kind == 1 ? 0.5 : 0.35;
    int degree = static_cast<int>(random.integer(5));
    for (int slot = 0; slot < kMotifSlots; ++slot) {
      degree = std::clamp(degree + static_cast<int>(random.integer(5)) - 2, -2, 8);
      const bool strong = slot % 2 == 0;
      material.motif[kind][static_cast<std::size_t>(slot)] =
          random.chance(strong ? density + 0.2 : density - 0.2) ? degree : kRest;
    }
  }
  for (std::size_t i = 0; i < 16; ++i) {
    material.groove[i] = i == 0 || random.chance(i % 4 == 0 ? 0.7 : i % 2 == 0 ? 0.45 : 0.2) ? 1 : 0;
  }
  return material;
}

/// Everything a style's arranger needs to know about one beat.
struct Beat {
  double at = 0.0, period = 0.5, energy = 0.5;
  int in_bar = 0, bar = 0;  // bar within the section
  SectionKind kind = SectionKind::kVerse;
  int chord = 0;
  bool last_bar = false;  // of the section: fills go here
  bool to_chorus = false;
};

/// The slots of the motif that fall on this beat, as (share of the beat, scale degree).
std::vector<std::pair<double, int>> motif_notes(const Material& material, const Beat& beat, int beats_per_bar) {
  std::vector<std::pair<double, int>> notes;
  for (int half = 0; half < 2; ++half) {
    const int slot = ((beat.bar % 2) * beats_per_bar + beat.in_bar) * 2 + half;
    const int degree =
        material.motif[static_cast<std::size_t>(beat.kind)][static_cast<std::size_t>(slot % kMotifSlots)];
    if (degree != kRest) {
      notes.emplace_back(0.5 * half, degree);
    }
  }
  return notes;
}

void ballet_beat(Mixer& mixer, const Material& material, const Beat& beat, const Kit& kit) {
  const double e = beat.energy, hardness = 0.35 + 0.3 * kit.kick_click;
  if (beat.in_bar == 0) {
    mixer.piano(beat.at, beat.period * 2.5, material.pitch(beat.chord), 0.5, hardness);
    mixer.piano(beat.at, beat.period * 1.5, 2 * material.pitch(beat.chord), 0.3, hardness);
    if (beat.kind == SectionKind::kChorus) {
      mixer.kick(beat.at, 0.25, kit);  // a soft drum under the tutti
    }
  } else {
    for (const double pitch : material.chord(beat.chord, 2)) {
      mixer.piano(beat.at, beat.period * 0.9, pitch, 0.2, hardness);
    }
  }
  for (const auto& [share, degree] : motif_notes(material, beat, 3)) {
    const double at = beat.at + share * beat.period, seconds = beat.period * (share > 0 ? 0.5 : 0.95);
    if (beat.kind == SectionKind::kCalm) {
      mixer.piano(at, seconds * 1.5, material.pitch(degree + 21), 0.22, 0.3);
    } else {
      mixer.strings(at, seconds, material.pitch(degree + 14), 0.16 + 0.14 * e);
    }
  }
  if (e > 0.6 && beat.in_bar == 0) {
    for (const double pitch : material.chord(beat.chord, 1)) {
      mixer.strings(beat.at, beat.period * 3, pitch, 0.09 * e);
    }
  }
}

void popping_beat(Mixer& mixer, const Material& material, const Beat& beat, const Kit& kit) {
  const double e = beat.energy, sixteenth = beat.period / 4;
  const bool back = beat.in_bar % 2 == 1;
  mixer.kick(beat.at, back ? 0.55 : 1.0, kit);
  if (beat.in_bar == 2 && beat.kind != SectionKind::kCalm) {
    mixer.kick(beat.at + 2 * sixteenth, 0.5, kit);
  }
  if (back) {
    mixer.clap(beat.at, 0.9, kit);
    mixer.snare(beat.at, 0.5 + 0.3 * e, kit);
  }
  for (int i = 0; i < 4; ++i) {
    const auto slot = static_cast<std::size_t>(beat.in_bar * 4 + i);
    const double at = beat.at + i * sixteenth;
    if (i % 2 == 0 || e > 0.7) {
      mixer.hat(at, (i == 0 ? 0.22 : 0.12) * (0.5 + e), kit);
    }
    if (material.groove[slot] != 0) {
      mixer.bass(at, sixteenth * 1.6, material.pitch(beat.chord) * (i == 2 ? 1.0 : 0.5), 0.5, 0.5 + e);
    }
  }
  if (beat.kind != SectionKind::kCalm || beat.in_bar == 0) {
    mixer.stab(beat.at, sixteenth * 1.5, material.chord(beat.chord, 1), 0.2 + 0.35 * e);
  }
  if (beat.kind == SectionKind::kChorus) {
    for (const auto& [share, degree] : motif_notes(material, beat, 4)) {
      mixer.lead(beat.at + share * beat.period, beat.period * 0.4, material.pitch(degree + 14), 0.22);
    }
  }
  if (beat.last_bar && beat.in_bar == 3) {
    for (int i = 0; i < 4; ++i) {
      mixer.snare(beat.at + i * sixteenth, 0.3 + 0.1 * i, kit);
    }
  }
}

void kpop_drums(Mixer& mixer, const Beat& beat, const Kit& kit) {
  const double e = beat.energy;
  const bool back = beat.in_bar % 2 == 1, chorus = beat.kind == SectionKind::kChorus;
  const bool calm = beat.kind == SectionKind::kCalm;
  if (chorus || !back) {
    mixer.kick(beat.at, calm ? 0.6 : 0.95, kit);
  }
  if (back && !calm) {
    mixer.snare(beat.at, 0.6 + 0.2 * e, kit);
  }
  if (back) {
    mixer.clap(beat.at, calm ? 0.5 : 0.7 * e + 0.2, kit);
  }
  mixer.hat(beat.at, 0.2, kit);
  if (!calm) {
    mixer.hat(beat.at + beat.period / 2, 0.1 + 0.12 * e, kit, chorus);
  }
  if (beat.last_bar && beat.in_bar >= 2 && beat.to_chorus) {
    for (int i = 0; i < 4; ++i) {
      mixer.snare(beat.at + i * beat.period / 4, 0.15 + 0.06 * (4 * (beat.in_bar - 2) + i), kit);
    }
  }
  if (beat.last_bar && beat.in_bar == 0 && beat.to_chorus) {
    mixer.riser(beat.at, 4 * beat.period, 0.35);
  }
}

void kpop_beat(Mixer& mixer, const Material& material, const Beat& beat, const Kit& kit) {
  const double e = beat.energy, half = beat.period / 2;
  const bool chorus = beat.kind == SectionKind::kChorus, calm = beat.kind == SectionKind::kCalm;
  kpop_drums(mixer, beat, kit);
  if (!calm) {
    mixer.bass(beat.at, half * 0.9, material.pitch(beat.chord) / 2, 0.5, 0.3 * e);
    mixer.bass(beat.at + half, half * 0.9, material.pitch(beat.chord) * (chorus ? 1.0 : 0.5), 0.4, 0.5 * e);
  } else if (beat.in_bar == 0) {
    mixer.bass(beat.at, beat.period * 3.5, material.pitch(beat.chord) / 2, 0.4, 0.1);
  }
  if (beat.in_bar == 0) {
    mixer.pad(beat.at, beat.period * 4, material.chord(beat.chord, 1), calm ? 0.5 : 0.3, calm ? 0.15 : 0.03);
  }
  if (chorus || (beat.kind == SectionKind::kVerse && beat.in_bar % 2 == 0)) {
    mixer.stab(beat.at + (chorus ? 0.0 : half), half * 0.8, material.chord(beat.chord, 2), 0.15 + 0.2 * e);
  }
  for (const auto& [share, degree] : motif_notes(material, beat, 4)) {
    const double at = beat.at + share * beat.period, seconds = beat.period * (share > 0 ? 0.45 : 0.6);
    if (calm) {
      mixer.piano(at, seconds * 2, material.pitch(degree + 14), 0.25, 0.4);
    } else {
      mixer.lead(at, seconds, material.pitch(degree + (chorus ? 21 : 14)), chorus ? 0.3 : 0.18);
    }
  }
}

Beat describe(const Song& song, const Material& material, std::size_t s, int i, int bar) {
  const Section& section = song.sections[s];
  const auto index = static_cast<std::size_t>(section.first_beat + i);
  Beat beat;
  beat.at = song.beats[index];
  beat.period = index + 1 < song.beats.size() ? song.beats[index + 1] - beat.at : 60.0 / song.spec.tempo;
  beat.energy = song.energy[index];
  beat.in_bar = song.beat_in_bar[index];
  beat.bar = bar;
  beat.kind = section.kind;
  beat.chord = material.chords[static_cast<std::size_t>(section.kind)][static_cast<std::size_t>(bar % 4)];
  beat.last_bar = section.beats - i <= song.beats_per_bar - beat.in_bar;
  beat.to_chorus = s + 1 < song.sections.size() && song.sections[s + 1].kind == SectionKind::kChorus;
  return beat;
}

/// Loudness follows energy, and a stop is silence after its first stroke.
void automate(Mixer& mixer, const Song& song) {
  std::vector<double> times = {0.0}, gains = {0.35 + 0.65 * song.energy[0]};
  for (std::size_t i = 0; i < song.beats.size(); ++i) {
    times.push_back(song.beats[i]);
    gains.push_back(song.stop[i] != 0 ? 0.0 : 0.35 + 0.65 * song.energy[i]);
  }
  mixer.automate(times, gains);
}

}  // namespace

std::vector<float> arrange(const Song& song) {
  const Material material = compose(song.spec);
  const Kit& kit = kit_of(song.spec.kit);
  Mixer mixer(song.spec.seconds, song.spec.seed);
  for (std::size_t s = 0; s < song.sections.size(); ++s) {
    int bar = 0;
    for (int i = 0; i < song.sections[s].beats; ++i) {
      const Beat beat = describe(song, material, s, i, bar);
      switch (song.spec.style) {
        case Style::kBallet:
          ballet_beat(mixer, material, beat, kit);
          break;
        case Style::kPopping:
          popping_beat(mixer, material, beat, kit);
          break;
        default:
          kpop_beat(mixer, material, beat, kit);
      }
      bar += beat.in_bar == song.beats_per_bar - 1 ? 1 : 0;
    }
  }
  automate(mixer, song);
  return mixer.finish(0.9);
}

}  // namespace stgmamba::synth
