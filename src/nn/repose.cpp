// SPDX-License-Identifier: MIT
#include "stgmamba/nn/repose.hpp"

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::nn {
namespace {

using at::Tensor;

constexpr int kMidHip = skeleton::kJoints;  // the mean of both hips, after the joints

struct Limb {
  int from, to;
  double radius;  // trunk lengths
  double
      cleared;    // trunk lengths around the bone whose room is filled in: clothes, hair and hats reach beyond the limb
  double beyond;  // how far it reaches past `to`, of its length: hands, toes, the top of the head
};
/// Widths that leave the least of 20 training clips of puppets unexplained; on a filmed person they do as well.
constexpr std::array<Limb, 10> kLimbs = {{
    {skeleton::kNeck, kMidHip, 0.34, 0.43, 0.0},
    {skeleton::kNeck, skeleton::kNose, 0.20, 0.36, 0.6},
    {skeleton::kRightShoulder, skeleton::kRightElbow, 0.14, 0.18, 0.0},
    {skeleton::kRightElbow, skeleton::kRightWrist, 0.14, 0.18, 0.28},
    {skeleton::kLeftShoulder, skeleton::kLeftElbow, 0.14, 0.18, 0.0},
    {skeleton::kLeftElbow, skeleton::kLeftWrist, 0.14, 0.18, 0.28},
    {skeleton::kRightHip, skeleton::kRightKnee, 0.18, 0.23, 0.0},
    {skeleton::kRightKnee, skeleton::kRightAnkle, 0.14, 0.20, 0.18},
    {skeleton::kLeftHip, skeleton::kLeftKnee, 0.18, 0.23, 0.0},
    {skeleton::kLeftKnee, skeleton::kLeftAnkle, 0.14, 0.20, 0.18},
}};
constexpr double kEdge = 0.3;    // radii over which a limb fades into the room
constexpr double kStill = 0.05;  // trunk lengths: what moves less stays as the picture has it, edges and all
constexpr double kTrunk = 0.2;   // of the picture's height, where the trunk is not seen

/// The limbs of N poses, K each.
struct Bones {
  Tensor x, y;      // [N, K] where they begin, pixels
  Tensor ux, uy;    // [N, K] unit vector along
  Tensor length;    // [N, K] pixels
  Tensor seen;      // [N, K] bool
  Tensor size;      // [N, 1] trunk length, pixels
  Tensor distance;  // [N, K, H, W] from the bone, in radii; infinite where the limb is not seen
  Tensor along;     // [N, K, H, W] pixels from where it begins
  Tensor across;    // [N, K, H, W] pixels beside it
};

/// A column of kLimbs as a tensor.
template <typename Column>
Tensor column(const Column& get, const at::TensorOptions& options) {
  std::vector<double> values;
  values.reserve(kLimbs.size());
  for (const Limb& limb : kLimbs) {
    values.push_back(get(limb));
  }
  return torch::tensor(values, torch::kDouble).to(options);
}

Tensor indices(int Limb::*end, const at::Tensor& like) {
  std::vector<std::int64_t> values;
  values.reserve(kLimbs.size());
  for (const Limb& limb : kLimbs) {
    values.push_back(limb.*end);
  }
  return torch::tensor(values, torch::kLong).to(like.device());
}

/// [N, K] beside [N, K, H, W].
Tensor spread(const Tensor& values) {
  return values.unsqueeze(-1).unsqueeze(-1);
}

/// The joints and the middle of the hips, which needs both: [N, V + 1, 3].
Tensor with_mid_hip(const Tensor& joints) {
  const Tensor right = joints.select(1, skeleton::kRightHip), left = joints.select(1, skeleton::kLeftHip);
  const Tensor mid_hip = torch::cat(
      {(right.narrow(1, 0, 2) + left.narrow(1, 0, 2)) / 2, torch::minimum(right.narrow(1, 2, 1), left.narrow(1, 2, 1))},
      1);  // [N, 3]
  return torch::cat({joints, mid_hip.unsqueeze(1)}, 1);
}

/// Length of the trunk, pixels, and whether it is seen: [N, 1] each.
std::pair<Tensor, Tensor> trunk(const Tensor& points) {
  const Tensor neck = points.select(1, skeleton::kNeck), hip = points.select(1, kMidHip);  // [N, 3]
  return {(neck - hip).narrow(1, 0, 2).norm(2, 1, true).clamp_min(1.0),
          (neck.narrow(1, 2, 1) > 0).logical_and(hip.narrow(1, 2, 1) > 0)};
}

/// The unit of widths in two poses of one person: their trunks'; where one of them is not seen, the other's.
std::pair<Tensor, Tensor> sizes(const Tensor& from, const Tensor& to, std::int64_t height) {
  const auto [a, a_seen] = trunk(from);
  const auto [b, b_seen] = trunk(to);
  const Tensor usual = torch::full_like(a, kTrunk * static_cast<double>(height));
  return {torch::where(a_seen, a, torch::where(b_seen, b, usual)),
          torch::where(b_seen, b, torch::where(a_seen, a, usual))};
}

Bones measure(const Tensor& points, const Tensor& size, std::int64_t height, std::int64_t width) {
  const Tensor a = points.index_select(1, indices(&Limb::from, points));
  const Tensor b = points.index_select(1, indices(&Limb::to, points));
  const auto options = points.options();
  const Tensor reach = 1 + column([](const Limb& limb) { return limb.beyond; }, options);  // [K]
  const Tensor dx = (b.select(2, 0) - a.select(2, 0)) * reach, dy = (b.select(2, 1) - a.select(2, 1)) * reach;
  Bones bones;
  bones.x = a.select(2, 0);
  bones.y = a.select(2, 1);
  constexpr double kPoint = 1e-3;  // pixels: a limb that points at the camera is a disc, whose direction is any
  const Tensor length = torch::hypot(dx, dy), point = length < kPoint;
  bones.length = length.clamp_min(kPoint);
  bones.ux = torch::where(point, torch::zeros_like(dx), dx / bones.length);
  bones.uy = torch::where(point, torch::ones_like(dy), dy / bones.length);
  bones.seen = (a.select(2, 2) > 0).logical_and(b.select(2, 2) > 0);
  bones.size = size;
  const Tensor qx = torch::arange(width, options).view({1, 1, 1, width}) - spread(bones.x);    // [N, K, 1, W]
  const Tensor qy = torch::arange(height, options).view({1, 1, height, 1}) - spread(bones.y);  // [N, K, H, 1]
  bones.along = qx * spread(bones.ux) + qy * spread(bones.uy);
  bones.across = qy * spread(bones.ux) - qx * spread(bones.uy);
  const Tensor over = bones.along - bones.along.clamp_min(0).minimum(spread(bones.length));          // past either end
  const Tensor radius = bones.size * column([](const Limb& limb) { return limb.radius; }, options);  // [N, K]
  bones.distance = torch::hypot(over, bones.across) / spread(radius);
  bones.distance.masked_fill_(spread(bones.seen.logical_not()), INFINITY);
  return bones;
}

/// `image` where `known` [N, 1, H, W] is 1; elsewhere what lies around, from ever coarser means (pull and push).
Tensor filled(const Tensor& image, const Tensor& known) {
  Tensor held = image * known;
  if (image.size(2) == 1 && image.size(3) == 1) {
    return held;
  }
  const auto halved = [](const Tensor& x) { return torch::avg_pool2d(x, 2, 2, 0, /*ceil_mode=*/true); };
  const Tensor share = halved(known);
  const Tensor coarse = filled(halved(held) / share.clamp_min(1e-6), (share > 0).to(image.dtype()));
  namespace F = torch::nn::functional;
  const Tensor around = F::interpolate(coarse, F::InterpolateFuncOptions()
                                                   .size(std::vector<std::int64_t>{image.size(2), image.size(3)})
                                                   .mode(torch::kBilinear)
                                                   .align_corners(false));
  return held + around * (1 - known);
}

/// Of every pixel's limb [N, 1, H, W]: its value [N, K].
Tensor of_limb(const Tensor& values, const Tensor& limb) {
  return values.gather(1, limb.flatten(1)).view_as(limb);
}

/// Where in the picture what a pixel shows was, for the limb nearest to it: pixel coordinates, [N, 1, H, W] each.
std::pair<Tensor, Tensor> origin(const Bones& from, const Bones& to, const Tensor& limb) {
  const Tensor length = of_limb(to.length, limb), along = to.along.gather(1, limb), across = to.across.gather(1, limb);
  const Tensor inside = along.clamp_min(0).minimum(length);
  const Tensor grown = spread(from.size / to.size);  // a person nearer to the camera is thicker, too
  const Tensor u = inside * (of_limb(from.length, limb) / length) + (along - inside) * grown;
  const Tensor v = across * grown;
  const Tensor ux = of_limb(from.ux, limb), uy = of_limb(from.uy, limb);
  return {of_limb(from.x, limb) + u * ux - v * uy, of_limb(from.y, limb) + u * uy + v * ux};
}

}  // namespace

Tensor repose(const Tensor& image, const Tensor& from, const Tensor& to) {
  const auto fits = [&](const Tensor& joints) {
    return joints.defined() && joints.dim() == 3 && joints.size(0) == image.size(0) &&
           joints.size(1) == skeleton::kJoints && joints.size(2) == 3;
  };
  STG_CHECK(image.dim() == 4 && image.size(2) > 1 && image.size(3) > 1 && fits(from) && fits(to),
            "[repose] image must be [N, C, H, W] with H, W > 1 and both poses [N, {}, 3], got {}, {} and {}",
            skeleton::kJoints, fmt::join(image.sizes(), "x"),
            fmt::join(from.defined() ? from.sizes() : at::IntArrayRef(), "x"),
            fmt::join(to.defined() ? to.sizes() : at::IntArrayRef(), "x"));
  const std::int64_t height = image.size(2), width = image.size(3);
  Tensor grid, cover, still, room;  // where pixels come from; how much of them is the person, and unmoved; known room
  {
    const torch::NoGradGuard no_grad;
    const at::ScalarType type = image.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
    const Tensor before = with_mid_hip(from.to(type)), after = with_mid_hip(to.to(type));
    const auto [size_before, size_after] = sizes(before, after, height);
    const Bones source = measure(before, size_before, height, width);
    Bones target = measure(after, size_after, height, width);
    const Tensor drawn = source.seen.logical_and(target.seen);  // [N, K]
    target.distance.masked_fill_(spread(drawn.logical_not()), INFINITY);
    const Tensor owner = std::get<1>(source.distance.min(1, true));  // [N, 1, H, W]
    const auto options = source.x.options();
    const Tensor share = column([](const Limb& limb) { return limb.radius / limb.cleared; }, options);  // [K]
    const auto person = [&](const Bones& bones) {  // and its clothes, hair and hat: [N, 1, H, W] bool
      return (bones.distance * spread(share.unsqueeze(0))).amin(1, true) < 1;
    };
    room = person(source).logical_and(spread(drawn.any(1, true))).logical_not().to(image.dtype());
    const auto [distance, limb] = target.distance.min(1, true);
    cover = ((1 - distance) / kEdge + 0.5).clamp(0, 1);
    const auto [x, y] = origin(source, target, limb);
    const Tensor moved =
        torch::hypot(x - torch::arange(width, x.options()), y - torch::arange(height, y.options()).unsqueeze(1));
    still = (1 - moved / (kStill * spread(source.size))).clamp(0, 1);
    still = torch::where((limb == owner).logical_and(person(target)), still, torch::zeros_like(still));
    grid = torch::stack({x.squeeze(1) * (2.0 / static_cast<double>(width - 1)) - 1,
                         y.squeeze(1) * (2.0 / static_cast<double>(height - 1)) - 1},
                        -1);                                         // [N, H, W, 2]
    grid = grid.nan_to_num(0, 0, 0).clamp(-2, 2).to(image.dtype());  // limbs that are not seen cover nothing
    cover = cover.to(image.dtype());
    still = still.to(image.dtype());
  }
  namespace F = torch::nn::functional;
  const Tensor person = F::grid_sample(
      image, grid, F::GridSampleFuncOptions().mode(torch::kBilinear).padding_mode(torch::kBorder).align_corners(true));
  const Tensor made = person * cover + filled(image, room) * (1 - cover);
  return made + (image - made) * still;
}

}  // namespace stgmamba::nn
