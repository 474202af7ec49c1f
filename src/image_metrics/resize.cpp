// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/resize.hpp"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::image_metrics {

namespace {

/// A sample at `place` of the source, between its two neighbours; places outside lie on the border.
void add_linear(double* row, std::int64_t in, double place) {
  const double inside = std::clamp(place, 0.0, static_cast<double>(in - 1));
  const auto low = static_cast<std::int64_t>(std::floor(inside));
  const std::int64_t high = std::min(low + 1, in - 1);
  const double share = inside - static_cast<double>(low);
  row[low] += 1.0 - share;
  row[high] += share;
}

/// Keys' cubic with a = -0.5, support 2.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) {
    return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  }
  return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * kA : 0.0;
}

/// Pillow's window around one target pixel: as wide as what it covers, cut at the border, weights normalised.
void add_cubic(double* row, std::int64_t in, std::int64_t target, double scale) {
  const double stretch = std::max(scale, 1.0);
  const double centre = (static_cast<double>(target) + 0.5) * scale;
  const double support = 2.0 * stretch;
  const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - support + 0.5));
  const auto last = std::min<std::int64_t>(in, static_cast<std::int64_t>(centre + support + 0.5));
  double sum = 0.0;
  for (std::int64_t i = first; i < last; ++i) {
    row[i] = cubic((static_cast<double>(i) - centre + 0.5) / stretch);
    sum += row[i];
  }
  for (std::int64_t i = first; i < last; ++i) {
    row[i] /= sum;
  }
}

}  // namespace

Resize resize_from_name(const std::string& name) {
  for (const Resize mode : {Resize::kPt, Resize::kTf, Resize::kClean}) {
    if (resize_name(mode) == name) {
      return mode;
    }
  }
  throw UsageError("the resize must be pt, tf or clean, got '{}'", name);
}

std::string resize_name(Resize mode) {
  return mode == Resize::kPt ? "pt" : mode == Resize::kTf ? "tf" : "clean";
}

at::Tensor resize_matrix(std::int64_t in, std::int64_t out, Resize mode) {
  STG_CHECK(in > 0 && out > 0, "[resize] sizes must be positive, got {} to {}", in, out);
  at::Tensor matrix = torch::zeros({out, in}, torch::kDouble);
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  for (std::int64_t target = 0; target < out; ++target) {
    double* row = matrix.mutable_data_ptr<double>() + target * in;
    const auto place = static_cast<double>(target);
    switch (mode) {
      case Resize::kPt:
        add_linear(row, in, (place + 0.5) * scale - 0.5);
        break;
      case Resize::kTf:
        add_linear(row, in, place * static_cast<double>(static_cast<float>(scale)));  // a float in TensorFlow
        break;
      case Resize::kClean:
        add_cubic(row, in, target, scale);
        break;
    }
  }
  return matrix;
}

at::Tensor resize(const at::Tensor& frames, std::int64_t height, std::int64_t width, Resize mode) {
  STG_CHECK(frames.dim() == 4, "[resize] frames must be [N, 3, H, W], got {}", fmt::join(frames.sizes(), "x"));
  at::Tensor out = frames.to(torch::kFloat);  // [N, 3, H, W]
  if (out.size(3) != width) {
    out = out.matmul(resize_matrix(out.size(3), width, mode).t().to(out.options()));  // [N, 3, H, width]
  }
  if (out.size(2) != height) {
    out = resize_matrix(out.size(2), height, mode).to(out.options()).matmul(out);  // [N, 3, height, width]
  }
  return mode == Resize::kClean ? out.clamp(0.0, 255.0) : out;
}

}  // namespace stgmamba::image_metrics
