// SPDX-License-Identifier: MIT
#include "stgmamba/eval/scaling.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>

#include <torch/torch.h>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/infer/hearing.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"

namespace stgmamba::eval {

namespace {

constexpr int kRepetitions = 3;
constexpr double kFrom = 500;  // frames: below, fixed costs show

/// A line of /proc/self/status in MB; < 0 when it is not there.
double status_megabytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0.0;
    if (word == key + ":" && status >> kilobytes) {
      return kilobytes / 1024.0;
    }
  }
  return -1.0;
}

/// Makes the peak of resident memory start again from what is resident now; false where the kernel cannot.
bool reset_peak() {
  std::ofstream control("/proc/self/clear_refs");
  control << 5 << std::flush;
  return control.good();
}

void synchronise(c10::Device device) {
  if (device.is_cuda()) {
    torch::cuda::synchronize(device.index());
  }
}

/// `base` is what was resident before the first length: the allocator keeps what a shorter one freed.
ScalingRow measure(const models::GeneratorHandle& generator, c10::Device device, std::int64_t frames, double base) {
  const c10::InferenceMode no_gradients;
  const at::Tensor tone = torch::sin(torch::arange(frames * data::kSamplesPerFrame, torch::kFloat32) * 0.05F);
  const std::vector<float> samples(tone.data_ptr<float>(), tone.data_ptr<float>() + tone.numel());
  const at::Tensor audio = infer::hear(generator.music, samples, 0).to(device);                          // [1, F, n]
  const at::Tensor noise = models::sample_noise(generator.noise, 1, "scaling", {0}, frames).to(device);  // [1, F, 10]
  const bool peak = reset_peak();
  std::vector<double> seconds;
  for (int i = 0; i <= kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    generator.network->forward(audio, noise);
    synchronise(device);
    if (i > 0) {
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  }
  std::sort(seconds.begin(), seconds.end());
  const bool known = peak && device.is_cpu() && base >= 0;
  return {frames, seconds[seconds.size() / 2], known ? status_megabytes("VmHWM") - base : -1.0};
}

}  // namespace

double ScalingReport::exponent() const {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (const ScalingRow& row : rows) {
    if (static_cast<double>(row.frames) >= kFrom) {
      const double x = std::log(static_cast<double>(row.frames)), y = std::log(row.seconds);
      n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
  }
  return n < 2 ? std::nan("") : (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

std::string ScalingReport::text() const {
  std::string out =
      fmt::format("{:>8} {:>10} {:>12} {:>14} {:>10}\n", "frames", "music, s", "time, s", "ms a frame", "peak, MB");
  for (const ScalingRow& row : rows) {
    out += fmt::format("{:>8} {:>10.0f} {:>12.3f} {:>14.3f} {:>10}\n", row.frames,
                       static_cast<double>(row.frames) / data::kFps, row.seconds,
                       1000.0 * row.seconds / static_cast<double>(row.frames),
                       row.megabytes < 0 ? "-" : fmt::format("{:.0f}", row.megabytes));
  }
  return out + fmt::format("time grows as frames^{:.2f} from {:g} frames on", exponent(), kFrom);
}

ScalingReport measure_scaling(const models::GeneratorHandle& generator, c10::Device device,
                              const std::vector<std::int64_t>& frames) {
  generator.network->to(device);
  generator.network->eval();
  const double base = status_megabytes("VmRSS");
  ScalingReport report;
  util::Progress progress("scaling", std::ssize(frames), "length");
  for (const std::int64_t length : frames) {
    if (util::stop_requested()) {
      throw StoppedError("stopped after {} of {} lengths", report.rows.size(), frames.size());
    }
    report.rows.push_back(measure(generator, device, length, base));
    progress.update(std::ssize(report.rows));
  }
  progress.finish();
  return report;
}

}  // namespace stgmamba::eval
