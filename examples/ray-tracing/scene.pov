// A scene for POV-Ray 3.7: npm start -- scene.pov
#version 3.7;
global_settings { assumed_gamma 1 }

camera { location <0.9, 3.4, -8.4> look_at <0, 1.2, 0> angle 60 right x * image_width / image_height }
light_source { <-30, 42, -26> color rgb <1.1, 1.05, 0.95> }
sky_sphere {
  pigment { gradient y color_map { [0 rgb <0.75, 0.85, 0.95>] [0.6 rgb <0.08, 0.22, 0.55>] } }
}

plane { y, 0 pigment { checker rgb <0.8, 0.78, 0.74> rgb <0.12, 0.14, 0.18> } finish { reflection 0.12 } }

#declare Polished = finish { phong 0.9 phong_size 90 reflection { 0.08, 0.5 fresnel } conserve_energy }

// A glass ball in a helix of small ones.
sphere { <0, 1.3, 0>, 1.3 pigment { rgbt <0.97, 0.99, 1, 0.95> } finish { Polished } interior { ior 1.5 } }
#for (Place, 0, 59)
  #declare Turn = Place / 60;
  sphere {
    <2.6 * cos(8 * pi * Turn), 0.2 + 2.5 * Turn, 2.6 * sin(8 * pi * Turn)>, 0.2
    pigment { rgb <0.5 + 0.45 * cos(2 * pi * Turn), 0.5 + 0.45 * cos(2 * pi * (Turn - 1 / 3)), 0.5 + 0.45 * cos(2 * pi * (Turn - 2 / 3))> }
    finish { Polished }
  }
#end
